/**
 * Compiled by `npm run check`, never run: the errors that TypeScript reports to authors of inputs. `inputs-and-rules.test.ts`
 * checks that types and rules agree for all members.
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
  // @ts-expect-error -- a data store must have a name
  await flows.start('provisionDatastore', {});
  // @ts-expect-error -- did you mean datastoreName?
  await flows.start('provisionDatastore', { dataStoreName: 'radiology' });
  // @ts-expect-error -- the data store would be created, but the members for the import are missing
  await flows.start('onboardDatastoreAndImport', { datastoreName: 'radiology' });
  // @ts-expect-error -- a job is identified by its data store and its id
  await flows.start('onboardDatastoreAndImport', { datastoreName: 'radiology', jobId: 'j' });
  await flows.start('onboardDatastoreAndImport', { datastoreId: 'd', jobId: 'j' });

  await flows.start('startImportPollAndList', { DatastoreId: 'd', ...fhirImport });
  // @ts-expect-error -- the list of one job would continue after another import
  await flows.start('startImportPollAndList', { DatastoreId: 'd', ...fhirImport, NextToken: 't' });
  await flows.start('startImportPollAndList', { DatastoreId: 'd', JobId: 'j', NextToken: 't' });

  const imageSet = { datastoreId: 'd', imageSetId: 'i' };
  // @ts-expect-error -- the update contains no change
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
  // @ts-expect-error -- neither cron nor every
  await schedules.ensure('never', { flow, input });
  // @ts-expect-error -- both cron and every
  await schedules.ensure('both', { flow, input, cron: '0 2 * * *', every: '1 hour' });
  // @ts-expect-error -- every firing imports into the same data store
  await schedules.ensure('nowhere', { flow, input: fhirImport, cron: '@daily' });
  // @ts-expect-error -- every firing would wait for the same job
  await schedules.ensure('once', { flow, input: { ...input, JobId: 'j' }, cron: '@daily' });
  // @ts-expect-error -- it imports nothing
  await schedules.ensure('copies', { flow: 'copyImageSet', input, cron: '@daily' });
}

/** An input with an optional id needs no case distinction: it is valid with and without the id. */
export const optionalIds = (
  DatastoreId: string,
  job: { JobId?: string },
): FlowInput<'startImportAndWaitCompleted'> => ({
  DatastoreId,
  ...fhirImport,
  ...job,
});

/** A value from a file has the type of an input after `isFlowInput` has checked it. */
export async function startsFromFile(
  flows: FlowClient,
  input: unknown,
): Promise<FlowResult<'tagImageSet'> | undefined> {
  // @ts-expect-error -- its type is unknown
  await flows.execute('tagImageSet', input);
  return isFlowInput('tagImageSet', input) ? flows.execute('tagImageSet', input) : undefined;
}

/** A custom flow that is composed of parts of the sixteen flows. */
export async function ownFlow(flow: Flow, input: FhirImportInput, dicom: DicomImportInput) {
  await importFhirAndAwait(flow, 'd', input);
  await importFhirAndAwait(flow, 'd', { JobId: 'j' });
  // @ts-expect-error -- neither a job nor the members that start one
  await importFhirAndAwait(flow, 'd', { InputS3Uri: 's3://bucket/in/' });
  // @ts-expect-error -- the same for an export
  await exportFhirAndAwait(flow, 'd', {});
  await importAndAwait(flow, dicomImport(flow, 'd', dicom), dicom);
  // @ts-expect-error -- neither a job nor the members that start one
  dicomImport(flow, 'd', { jobName: 'nightly' });
}
