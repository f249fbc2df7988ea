/** Reads that show nothing, or what was there before: of what a run has just made they tell nothing yet. */
import { withCluster, type Cluster } from '../support/cluster.ts';
import { failureOf } from '../support/failure.ts';
import {
  copyInput,
  datastoreId,
  destinationImageSetId,
  fhirInput,
  onboardInput,
  sourceImageSetId,
} from '../support/inputs.ts';
import { dicomJobReply, dicomOutput, fhirImportReply, imageSetReply } from '../support/replies.ts';
import { error, startScriptedAws, type Reply, type ScriptedAws } from '../support/scripted-aws.ts';

const STALE_READS_MS = 1_000;

let aws: ScriptedAws;
let cluster: Cluster;

withCluster(startScriptedAws, (...platform) => ([aws, cluster] = platform), {
  settings: { STALE_READS: `${STALE_READS_MS}ms` },
});

const polling = { minimumInterval: 20, maximumInterval: 100, timeout: '1 minute' } as const;
const briefly = { ...polling, timeout: STALE_READS_MS + 500 } as const;

// Both are in the error lists of GetImageSet, GetDICOMImportJob and GetDatastore (HealthImaging API Reference), and of
// DescribeFHIRImportJob but for the second, which IAM gives for any action.
const notFound = error('ResourceNotFoundException', 404);
const denied = error('AccessDeniedException', 403);

const startedFhir = { JobId: 'j1', JobStatus: 'SUBMITTED', DatastoreId: datastoreId };
const importFhir = (input: object = {}) =>
  cluster.flows.execute('startImportAndWaitCompleted', { ...fhirInput, polling, ...input });

const imageSet = imageSetReply(destinationImageSetId);
const copiedTo = (imageSetId: string) => ({
  datastoreId,
  destinationImageSetProperties: { imageSetId, latestVersionId: '2' },
});
const copy = (input: object = {}) => cluster.flows.execute('copyImageSet', { ...copyInput, ...input });

describe('what a run has just made may not be seen yet', () => {
  test.each([
    ['not found', notFound],
    ['denied', denied],
  ])('startImportAndWaitCompleted: a job that is %s at first is read again', async (_, refusal) => {
    aws.script({
      StartFHIRImportJob: [startedFhir],
      DescribeFHIRImportJob: [refusal, refusal, fhirImportReply('IN_PROGRESS'), fhirImportReply('COMPLETED')],
    });
    expect(await importFhir()).toMatchObject({ jobStatus: 'COMPLETED' });
    expect(aws.callsOf('StartFHIRImportJob')).toHaveLength(1);
  });

  test.each([
    ['not found', notFound],
    ['denied', denied],
  ])(
    'onboardDatastoreAndImport: a data store and a job that are %s at first are read again',
    async (_, refusal) => {
      aws.script(
        {
          CreateDatastore: [{ datastoreId, datastoreStatus: 'CREATING' }],
          GetDatastore: [refusal, { datastoreProperties: { datastoreId, datastoreStatus: 'ACTIVE' } }],
          StartDICOMImportJob: [{ datastoreId, jobId: 'j1', jobStatus: 'SUBMITTED' }],
          GetDICOMImportJob: [refusal, dicomJobReply('COMPLETED')],
        },
        dicomOutput('j1', { scanned: 1, imported: 1 }),
      );
      const result = await cluster.flows.execute('onboardDatastoreAndImport', { ...onboardInput, polling });
      expect(result).toMatchObject({ jobStatus: 'COMPLETED' });
    },
  );

  test.each([
    ['not found', notFound],
    ['denied', denied],
  ])('copyImageSet: a new image set that is %s at first is read again', async (_, refusal) => {
    const { destinationImageSetId: made, ...input } = { ...copyInput, polling };
    aws.script({
      GetImageSet: [imageSet('1', 'ACTIVE'), refusal, imageSet('2', 'ACTIVE', 'COPIED')],
      CopyImageSet: [copiedTo(made)],
    });
    expect(await cluster.flows.execute('copyImageSet', input)).toMatchObject({ destinationImageSetId: made });
  });

  test('deleteFhirDatastoreAndConfirm: access that is denied right after the deletion is waited for', async () => {
    const store = (DatastoreStatus: string) => ({
      DatastoreProperties: {
        DatastoreId: datastoreId,
        DatastoreArn: 'arn',
        DatastoreStatus,
        DatastoreTypeVersion: 'R4',
        DatastoreEndpoint: 'https://fhir',
      },
    });
    aws.script({
      DeleteFHIRDatastore: [{ DatastoreId: datastoreId, DatastoreStatus: 'DELETING' }],
      DescribeFHIRDatastore: [denied, store('DELETED')],
    });
    const input = { DatastoreId: datastoreId, polling };
    const result = await cluster.flows.execute('deleteFhirDatastoreAndConfirm', input);
    expect(result).toMatchObject({ datastoreStatus: 'DELETED' });
  });

  test('one that is not found for longer than STALE_READS is not there', async () => {
    aws.script({ StartFHIRImportJob: [startedFhir], DescribeFHIRImportJob: [notFound] });
    expect(await failureOf(importFhir())).toMatchObject({
      type: 'ResourceNotFoundException',
      details: { step: 'pollImportJob', ids: { jobId: 'j1' } },
    });
    expect(aws.callsOf('DescribeFHIRImportJob').length).toBeGreaterThan(1);
  });

  test('what somebody else has made, and is not found, is not there', async () => {
    aws.script({ DescribeFHIRImportJob: [notFound] });
    expect(await failureOf(importFhir({ JobId: 'j1' }))).toMatchObject({ type: 'ResourceNotFoundException' });
    expect(aws.called()).toEqual(['DescribeFHIRImportJob']);
  });
});

describe('access that was there a moment ago', () => {
  const attached = (reads: Reply[], input: object = {}) => {
    aws.script({ DescribeFHIRImportJob: reads });
    return importFhir({ JobId: 'j1', ...input });
  };
  const going = fhirImportReply('IN_PROGRESS');

  test('is waited for, as often as it goes', async () => {
    const reads = [going, denied, denied, going, denied, fhirImportReply('COMPLETED')];
    expect(await attached(reads)).toMatchObject({ jobStatus: 'COMPLETED' });
    expect(aws.callsOf('DescribeFHIRImportJob')).toHaveLength(reads.length);
  });

  test('is waited for no longer than the wait may last', async () => {
    expect(await failureOf(attached([going, denied], { polling: briefly }))).toMatchObject({
      type: 'AccessDeniedException',
      details: { step: 'pollImportJob' },
    });
  });

  test('is not waited for where it never was', async () => {
    expect(await failureOf(attached([denied]))).toMatchObject({ type: 'AccessDeniedException' });
    expect(aws.called()).toEqual(['DescribeFHIRImportJob']);
  });
});

// The reply to CopyImageSet and UpdateImageSetMetadata announces the version that the change makes (`latestVersionId`,
// HealthImaging API Reference); what an older one says is the end of a change before.
describe('an older version is not the end of a change, however late it is read', () => {
  test.each([['COPIED'], ['COPY_FAILED']])('copyImageSet: one that is %s', async (status) => {
    aws.script({
      GetImageSet: [imageSet('1', 'ACTIVE', status)],
      CopyImageSet: [copiedTo(destinationImageSetId)],
    });
    expect(await failureOf(copy({ polling: briefly }))).toMatchObject({
      type: 'WaitTimedOut',
      message: expect.stringContaining('version 2, which the change creates, is not visible yet'),
      details: { step: 'pollDestination', ids: { imageSetId: destinationImageSetId } },
    });
  });

  test.each([['UPDATED'], ['UPDATE_FAILED']])('updateImageSetMetadata: one that is %s', async (status) => {
    aws.script({
      GetImageSet: [imageSet('1', 'ACTIVE', status)],
      UpdateImageSetMetadata: [{ datastoreId, imageSetId: destinationImageSetId, latestVersionId: '2' }],
    });
    const run = cluster.flows.execute('updateImageSetMetadata', {
      datastoreId,
      imageSetId: destinationImageSetId,
      updatableAttributes: { SchemaVersion: 1.1 },
      polling: briefly,
    });
    expect(await failureOf(run)).toMatchObject({ type: 'WaitTimedOut', details: { step: '+awaitUpdate' } });
  });
});

describe('a copy that fails', () => {
  const made = 'c'.repeat(32);
  const failing = [imageSet('1', 'ACTIVE'), imageSet('2', 'ACTIVE', 'COPY_FAILED', 'why')];

  test('copyImageSet: leaves the image set that it has made, and says how it is removed', async () => {
    const { destinationImageSetId: _, ...input } = { ...copyInput, polling };
    aws.script({ GetImageSet: failing, CopyImageSet: [copiedTo(made)] });
    expect(await failureOf(cluster.flows.execute('copyImageSet', input))).toMatchObject({
      type: 'CopyFailed',
      details: {
        left: [
          {
            what: `image set ${made}`,
            // As the AWS CLI has it: `aws medical-imaging delete-image-set help`.
            remove: `aws medical-imaging delete-image-set --datastore-id ${datastoreId} --image-set-id ${made}`,
          },
        ],
      },
    });
  });

  test('copyImageSet: leaves nothing of its own where the destination was there before', async () => {
    aws.script({
      GetImageSet: [imageSet('1', 'ACTIVE'), ...failing],
      CopyImageSet: [copiedTo(destinationImageSetId)],
    });
    const failure = await failureOf(copy({ sourceImageSetId }));
    expect(failure).toMatchObject({ type: 'CopyFailed' });
    expect(failure.details).not.toHaveProperty('left');
  });
});
