/**
 * Compiled by `npm run check`, never run: what TypeScript tells those who write an input in code. That types and rules say the
 * same of all members is `inputs-and-rules.test.ts`.
 */
import { isFlowInput, type FlowClient, type FlowInput, type FlowResult } from '../../src/client.ts';
import {
  dicomImport,
  exportFhirAndAwait,
  importAndAwait,
  importFhirAndAwait,
  type FhirImportInput,
  type DicomImportInput,
  type Flow,
} from '../../src/workflows/kit.ts';

const fhirImport = {
  InputS3Uri: 's3://bucket/in/',
  OutputS3Uri: 's3://bucket/out/',
  OutputKmsKeyId: 'alias/key',
  DataAccessRoleArn: 'arn:aws:iam::123456789012:role/import',
};

export async function startsFromCode(flows: FlowClient) {
  // @ts-expect-error -- a data store has to have a name
  await flows.start('provisionDatastore', {});
  // @ts-expect-error -- did you mean datastoreName?
  await flows.start('provisionDatastore', { dataStoreName: 'radiology' });
  // @ts-expect-error -- the data store would be created, and then nothing is said of the import
  await flows.start('onboardDatastoreAndImport', { datastoreName: 'radiology' });
  // @ts-expect-error -- a job is found by its data store and its id
  await flows.start('onboardDatastoreAndImport', { datastoreName: 'radiology', jobId: 'j' });
  await flows.start('onboardDatastoreAndImport', { datastoreId: 'd', jobId: 'j' });

  await flows.start('startImportPollAndList', { DatastoreId: 'd', ...fhirImport });
  // @ts-expect-error -- the list of one job would go on after another import
  await flows.start('startImportPollAndList', { DatastoreId: 'd', ...fhirImport, NextToken: 't' });
  await flows.start('startImportPollAndList', { DatastoreId: 'd', JobId: 'j', NextToken: 't' });

  const imageSet = { datastoreId: 'd', imageSetId: 'i' };
  // @ts-expect-error -- no change is asked for
  await flows.start('updateImageSetMetadata', imageSet);
  await flows.start('updateImageSetMetadata', { ...imageSet, revertToVersionId: '1' });
  // @ts-expect-error -- an update changes attributes or reverts a version
  await flows.start('updateImageSetMetadata', {
    ...imageSet,
    revertToVersionId: '1',
    updatableAttributes: {},
  });
}

export async function recurs({ schedules }: FlowClient) {
  const flow = 'startImportAndWaitCompleted';
  const input = { DatastoreId: 'd', ...fhirImport };
  await schedules.ensure('nightly', { flow, input, cron: '0 2 * * *' });
  await schedules.ensure('hourly', { flow, input, every: '1 hour' });
  // @ts-expect-error -- nothing says when
  await schedules.ensure('never', { flow, input });
  // @ts-expect-error -- both
  await schedules.ensure('both', { flow, input, cron: '0 2 * * *', every: '1 hour' });
  // @ts-expect-error -- every firing imports into the same data store
  await schedules.ensure('nowhere', { flow, input: fhirImport, cron: '@daily' });
  // @ts-expect-error -- every firing would wait for the same job
  await schedules.ensure('once', { flow, input: { ...input, JobId: 'j' }, cron: '@daily' });
  // @ts-expect-error -- it imports nothing
  await schedules.ensure('copies', { flow: 'copyImageSet', input, cron: '@daily' });
}

/** An optional id need not be told apart before the call: with or without it the input is whole. */
export const optionalIds = (
  DatastoreId: string,
  job: { JobId?: string },
): FlowInput<'startImportAndWaitCompleted'> => ({
  DatastoreId,
  ...fhirImport,
  ...job,
});

/** What was read from a file is an input once the rules have taken it. */
export async function startsFromFile(
  flows: FlowClient,
  input: unknown,
): Promise<FlowResult<'tagImageSet'> | undefined> {
  // @ts-expect-error -- it may be anything
  await flows.execute('tagImageSet', input);
  return isFlowInput('tagImageSet', input) ? flows.execute('tagImageSet', input) : undefined;
}

/** A flow of a team's own, made of parts of the sixteen. */
export async function ownFlow(flow: Flow, input: FhirImportInput, dicom: DicomImportInput) {
  await importFhirAndAwait(flow, 'd', input);
  await importFhirAndAwait(flow, 'd', { JobId: 'j' });
  // @ts-expect-error -- neither a job nor what starts one
  await importFhirAndAwait(flow, 'd', { InputS3Uri: 's3://bucket/in/' });
  // @ts-expect-error -- the same of an export
  await exportFhirAndAwait(flow, 'd', {});
  await importAndAwait(flow, dicomImport(flow, 'd', dicom), dicom);
  // @ts-expect-error -- neither a job nor what starts one
  dicomImport(flow, 'd', { jobName: 'nightly' });
}
