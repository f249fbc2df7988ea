/** The flows over the local AWS: a real Temporal server, the real protocols, faults and another writer. */
import { mkdir, rm } from 'node:fs/promises';
import { p10, putFiles } from '../local-aws/harness.ts';
import { failureOf } from '../support/failure.ts';
import { followed } from '../support/followed.ts';
import { recordHistory } from '../support/histories.ts';
import { polling, roleArn } from '../support/inputs.ts';
import { copyRequest, startStage, type Stage } from '../support/stage.ts';

let stage: Stage;
let aws: Stage['aws'];
let cluster: Stage['cluster'];
let datastoreId: string;
const onboard = (datastoreName: string) => stage.onboard(datastoreName);
const imageSet = (instances: number) => stage.imageSet(instances);

beforeAll(async () => {
  stage = await startStage();
  ({ aws, cluster, datastoreId } = stage);
});
afterAll(() => stage.stop());
afterEach(() => aws.control.resetFaults());

const copyOf = (sourceImageSetId: string, destinationImageSetId: string) => ({
  datastoreId,
  sourceImageSetId,
  destinationImageSetId,
  // They are of different series.
  force: true,
  polling,
});

const latestVersion = async (imageSetId: string) =>
  (await aws.imaging.getImageSet({ datastoreId, imageSetId })).versionId;

const copies = async () => (await aws.control.calls({ operation: 'CopyImageSet' })).length;

describe('follows its document', () => {
  test('onboardDatastoreAndImport: a new data store, and what is not DICOM by name and reason', async () => {
    await putFiles(aws.data, 'first', {
      'in/1.dcm': p10({ series: '1.2.9', instance: '1.2.9.1' }),
      'in/notes.txt': 'not DICOM',
    });
    const result = await followed(cluster, 'onboardDatastoreAndImport', {
      datastoreName: 'first',
      dataAccessRoleArn: roleArn,
      inputS3Uri: 's3://first/in/',
      outputS3Uri: 's3://first/out/',
      listFailedFiles: 5,
      polling,
    });
    expect(result).toMatchObject({
      jobStatus: 'COMPLETED',
      outcome: 'partial',
      counts: { scanned: 2, imported: 1, customerErrors: 1, serverErrors: 0 },
      failures: { byReason: { ValidationException: 1 }, listed: [{ file: 'in/notes.txt' }] },
    });
  });

  test('copyImageSet: one more version of the destination, with the instances of both', async () => {
    const [source, destination] = [await imageSet(2), await imageSet(3)];
    const result = await followed(cluster, 'copyImageSet', copyOf(source, destination));
    expect(result).toMatchObject({
      destinationImageSetId: destination,
      destinationLatestVersionId: '2',
      imageSetState: 'ACTIVE',
      imageSetWorkflowStatus: 'COPIED',
    });
  });

  test('startImportAndWaitCompleted: the bad line by number and reason', async () => {
    await putFiles(aws.data, 'fhir', {
      'in/Patient.ndjson': '{"resourceType":"Patient","id":"p1"}\n{"resourceType":"Patient"}\n',
    });
    const { DatastoreId = '' } = await aws.healthlake.createFHIRDatastore({ DatastoreTypeVersion: 'R4' });
    await aws.control.settle({ kind: 'fhirDatastore', id: DatastoreId });
    const result = await followed(cluster, 'startImportAndWaitCompleted', {
      DatastoreId,
      InputS3Uri: 's3://fhir/in/',
      OutputS3Uri: 's3://fhir/out/',
      OutputKmsKeyId: 'alias/key',
      DataAccessRoleArn: roleArn,
      listFailedFiles: 5,
      polling,
    });
    expect(result).toMatchObject({
      jobStatus: 'COMPLETED_WITH_ERRORS',
      outcome: 'partial',
      counts: { scanned: 2, imported: 1, customerErrors: 1 },
      failures: { listed: [{ file: 'Patient.ndjson', line: 2 }] },
    });
  });
});

describe('a copy whose answer never comes', () => {
  test('is known for ours by what the destination holds, once the second attempt is refused', async () => {
    const [source, destination] = [await imageSet(2), await imageSet(3)];
    const before = await copies();
    await aws.control.dropConnection({ operation: 'CopyImageSet', when: 'after' });
    const run = await cluster.flows.start('copyImageSet', copyOf(source, destination));
    expect(await run.result()).toMatchObject({
      destinationLatestVersionId: '2',
      imageSetWorkflowStatus: 'COPIED',
    });
    expect(await copies()).toBe(before + 2);
    expect(await latestVersion(destination)).toBe('2');
    recordHistory('copyImageSet.dropped', await run.fetchHistory());
  });

  test('is sent again, with the same versions, where nothing has changed', async () => {
    const [source, destination] = [await imageSet(1), await imageSet(1)];
    const before = await copies();
    await aws.control.dropConnection({ operation: 'CopyImageSet', when: 'before' });
    await cluster.flows.execute('copyImageSet', copyOf(source, destination));
    expect(await copies()).toBe(before + 2);
    expect(await latestVersion(destination)).toBe('2');
  });

  test.each([true, false])(
    "is not taken for a rival's copy (already settled: %s), and made after it",
    async (settled) => {
      const [source, destination, other] = [await imageSet(2), await imageSet(3), await imageSet(2)];
      await aws.control.rival({
        before: 'CopyImageSet',
        operation: 'CopyImageSet',
        input: copyRequest(datastoreId, other, destination),
        settled,
      });
      await aws.control.dropConnection({ operation: 'CopyImageSet', when: 'before' });
      expect(await cluster.flows.execute('copyImageSet', copyOf(source, destination))).toMatchObject({
        destinationLatestVersionId: '3',
      });
      expect(await latestVersion(destination)).toBe('3');
    },
  );
});

test('two runs that copy into one image set at the same time both end right', async () => {
  const [one, two, destination] = [await imageSet(2), await imageSet(2), await imageSet(1)];
  const results = await Promise.all([
    cluster.flows.execute('copyImageSet', copyOf(one, destination)),
    cluster.flows.execute('copyImageSet', copyOf(two, destination)),
  ]);
  expect(results.map(({ destinationLatestVersionId }) => destinationLatestVersionId).toSorted()).toEqual([
    '2',
    '3',
  ]);
  expect(await latestVersion(destination)).toBe('3');
});

test('a copy that AWS accepts and then fails is a failure, with the reason that AWS gives', async () => {
  const [source, destination] = [await imageSet(1), await imageSet(1)];
  const { force: _, ...unforced } = copyOf(source, destination);
  expect(await failureOf(cluster.flows.execute('copyImageSet', unforced))).toMatchObject({
    type: 'CopyFailed',
    details: {
      step: 'pollDestination',
      status: 'COPY_FAILED',
      awsMessage: expect.stringContaining("don't match"),
    },
  });
});

test('an import whose start was answered with nothing at all is still one job', async () => {
  await putFiles(aws.data, 'dropped', { 'in/1.dcm': p10({ series: '1.2.8', instance: '1.2.8.1' }) });
  const { dicomImport } = await aws.control.jobs();
  await aws.control.dropConnection({ operation: 'CreateDatastore', when: 'after' });
  await aws.control.dropConnection({ operation: 'StartDICOMImportJob', when: 'after', count: 2 });
  expect(await onboard('dropped')).toMatchObject({ outcome: 'complete' });
  expect((await aws.control.jobs()).dicomImport).toBe(dicomImport + 1);
});

test('a manifest that is late is waited for; one that never comes is said to be missing', async () => {
  await putFiles(aws.data, 'late', { 'in/1.dcm': p10({ series: '1.2.7', instance: '1.2.7.1' }) });
  await aws.control.settings({ manifestLagMs: 300 });
  expect(await onboard('late')).toMatchObject({ outcome: 'complete', manifest: { state: 'read' } });
  await aws.control.settings({ manifestLagMs: 'never' });
  expect(await onboard('late')).toMatchObject({ outcome: 'unknown', manifest: { state: 'missing' } });
  await aws.control.settings({ manifestLagMs: 0 });
});

test('an import from a bucket that is not there fails', async () => {
  await rm(`${aws.data}/s3/nowhere`, { recursive: true, force: true });
  expect(await failureOf(onboard('nowhere'))).toMatchObject({
    type: 'ImportJobFailed',
    details: { awsMessage: expect.stringContaining('bucket of the input location does not exist') },
  });
});

test('an import of a folder that holds nothing scans nothing', async () => {
  await mkdir(`${aws.data}/s3/nothing`, { recursive: true });
  expect(await onboard('nothing')).toMatchObject({ outcome: 'none', counts: { scanned: 0, imported: 0 } });
});
