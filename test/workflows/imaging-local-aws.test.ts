/** The further flows of HealthImaging, over the local AWS. */
import { gunzipSync } from 'node:zlib';
import { expectHistoryFollows } from '../arazzo/history.ts';
import { p10, putFiles, until } from '../local-aws/harness.ts';
import { readMetadata } from '../local-aws/imaging-harness.ts';
import { failureOf } from '../support/failure.ts';
import { followed } from '../support/followed.ts';
import { polling, roleArn, untyped } from '../support/inputs.ts';
import { copyRequest, startStage, type Stage } from '../support/stage.ts';
import type { FlowInput } from '../../src/client.ts';
import type { FlowName } from '../../src/input-rules/flows.ts';

let stage: Stage;
let datastoreId: string;
let control: Stage['aws']['control'];
let imaging: Stage['aws']['imaging'];

beforeAll(async () => {
  stage = await startStage();
  ({ datastoreId } = stage);
  ({ control, imaging } = stage.aws);
  await stage.aws.s3.createBucket({ Bucket: 'artifacts' });
});
afterAll(() => stage.stop());
afterEach(() => control.resetFaults());

const execute = <Flow extends FlowName>(flow: Flow, input: FlowInput<Flow>) =>
  stage.cluster.flows.execute(flow, input);
const versionOf = async (imageSetId: string) =>
  (await imaging.getImageSet({ datastoreId, imageSetId })).versionId;
const callsOf = async (operation: 'UpdateImageSetMetadata' | 'CopyImageSet') =>
  (await control.calls({ operation })).length;
const named = (PatientName: string) => ({ SchemaVersion: 1.1, Patient: { DICOM: { PatientName } } });

test('provisionDatastore', async () => {
  expect(
    await followed(
      stage.cluster,
      'provisionDatastore',
      { datastoreName: 'provisioned', tags: { team: 'a' }, polling },
      'pollDatastore',
    ),
  ).toEqual({
    datastoreId: expect.stringMatching(/^[0-9a-z]{32}$/),
    datastoreStatus: 'ACTIVE',
    datastoreArn: expect.stringContaining(':datastore/'),
  });
});

test('provisionDatastore: where it fails, the document has its state read once more', async () => {
  await control.failOutcome({ operation: 'CreateDatastore' });
  const run = await stage.cluster.flows.start('provisionDatastore', { datastoreName: 'failing', polling });
  expect(await failureOf(run.result())).toMatchObject({
    type: 'DatastoreCreateFailed',
    details: { status: 'CREATE_FAILED', left: [{ remove: expect.stringContaining('delete-datastore') }] },
  });
  expectHistoryFollows('provision-datastore.yaml', await run.fetchHistory());
});

test('importDicomAndSearch: the image sets of the import, beside all of the data store', async () => {
  await putFiles(stage.aws.data, 'search', {
    'in/1.dcm': p10({ series: '1.9.1', instance: '1.9.1.1' }),
    'in/x.txt': 'x',
  });
  const result = await followed(stage.cluster, 'importDicomAndSearch', {
    datastoreId,
    dataAccessRoleArn: roleArn,
    inputS3Uri: 's3://search/in/',
    outputS3Uri: 's3://search/out/',
    polling,
  });
  expect(result).toMatchObject({
    jobStatus: 'COMPLETED',
    outcome: 'partial',
    counts: { scanned: 2, imported: 1 },
    imageSets: [{ imageSetId: expect.any(String), imageSetVersion: 1, isPrimary: true }],
  });
  const ids = result.imageSetsMetadataSummaries.map(({ imageSetId }) => imageSetId);
  expect(ids).toContain(result.imageSets?.[0]?.imageSetId);
  expect(result.firstImageSetId).toBe(ids[0]);
});

test('findImageSetByPatient: the first by its metadata, all by their ids, the blob in S3', async () => {
  await putFiles(stage.aws.data, 'patient', {
    'in/1.dcm': p10({ patient: 'PAT-7', series: '1.7.1', instance: '1.7.1.1' }),
    'in/2.dcm': p10({ patient: 'PAT-7', series: '1.7.2', instance: '1.7.2.1' }),
  });
  await stage.onboard('patient');
  const { datastoreSummaries = [] } = await imaging.listDatastores({ maxResults: 50 });
  const store =
    datastoreSummaries.find(({ datastoreName }) => datastoreName === 'patient')?.datastoreId ?? '';
  const result = await followed(stage.cluster, 'findImageSetByPatient', {
    datastoreId: store,
    dicomPatientId: 'PAT-7',
    artifactsS3Uri: 's3://artifacts/found',
  });
  expect(result.imageSetIds).toHaveLength(2);
  expect(result.imageSetIds).toContain(result.matchedImageSetId);
  expect(result.metadata).toMatchObject({ modalities: ['CT'], instanceCount: 1, frameCount: 1 });
  expect(result.metadata).not.toHaveProperty('patient');
  const blob = result.imageSetMetadataBlob;
  expect(blob).toMatchObject({
    uri: `s3://artifacts/found/${store}/${result.matchedImageSetId}/1/metadata.json.gz`,
    contentEncoding: 'gzip',
  });
  const { Body } = await stage.aws.s3.getObject({
    Bucket: 'artifacts',
    Key: blob?.uri?.replace('s3://artifacts/', '') ?? '',
  });
  const stored = (await Body?.transformToByteArray()) ?? new Uint8Array();
  expect(stored.byteLength).toBe(blob?.bytes);
  expect(JSON.parse(gunzipSync(stored).toString())).toMatchObject({
    Patient: { DICOM: { PatientID: 'PAT-7' } },
  });

  expect(await execute('findImageSetByPatient', { datastoreId: store, dicomPatientId: 'NOBODY' })).toEqual({
    imageSetIds: [],
  });
  expect(
    await execute('findImageSetByPatient', {
      datastoreId: store,
      dicomPatientId: 'PAT-7',
      includePatient: true,
    }),
  ).toMatchObject({ metadata: { patient: { patientId: 'PAT-7' } } });
});

test('inspectImageSet: waits for a set that is LOCKED; metadata and frame in S3, not in the history', async () => {
  const imageSetId = await stage.imageSet(1);
  const metadata = JSON.stringify(await readMetadata(stage.aws, { datastoreId, imageSetId }));
  const [, imageFrameId = ''] = /"ImageFrames":\[\{"ID":"([0-9a-z]{32})"/.exec(metadata) ?? [];
  const result = await followed(stage.cluster, 'inspectImageSet', {
    datastoreId,
    imageSetId,
    imageFrameId,
    artifactsS3Uri: 's3://artifacts/inspected/',
    polling,
  });
  expect(result).toMatchObject({
    versionId: '1',
    imageSetMetadataBlob: {
      uri: expect.stringContaining('/metadata.json.gz'),
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    },
    imageFrameBlob: { uri: expect.stringContaining(`/frames/${imageFrameId}`), bytes: expect.any(Number) },
    metadata: { seriesCount: 1 },
  });
  await imaging.updateImageSetMetadata({
    datastoreId,
    imageSetId,
    latestVersionId: '1',
    updateImageSetMetadataUpdates: {
      DICOMUpdates: { updatableAttributes: new TextEncoder().encode(JSON.stringify(named('A^B'))) },
    },
  });
  const without = await execute('inspectImageSet', { datastoreId, imageSetId, imageFrameId, polling });
  expect(without).toMatchObject({ versionId: '2' });
  expect(without.imageFrameBlob).not.toHaveProperty('uri');
});

test('tagImageSet: adds to the tags that are there, and confirms', async () => {
  const imageSetId = await stage.imageSet(1);
  await execute('tagImageSet', { datastoreId, imageSetId, tags: { first: '1' }, polling });
  expect(
    await followed(stage.cluster, 'tagImageSet', { datastoreId, imageSetId, tags: { second: '2' }, polling }),
  ).toEqual({
    imageSetArn: expect.stringContaining(`/imageset/${imageSetId}`),
    tags: { first: '1', second: '2' },
  });
});

test('auditCompletedImports: every import by what became of its files, newest first', async () => {
  await putFiles(stage.aws.data, 'audited', {
    'in/1.dcm': p10({ series: '1.6.1', instance: '1.6.1.1' }),
    'in/x.txt': 'x',
  });
  const { datastoreId: store, jobId } = await stage.onboard('audited');
  const again = await execute('importDicomAndSearch', {
    datastoreId: store,
    dataAccessRoleArn: roleArn,
    inputS3Uri: 's3://audited/in/1',
    outputS3Uri: 's3://audited/again/',
    polling,
  });
  expect(await followed(stage.cluster, 'auditCompletedImports', { datastoreId: store })).toMatchObject({
    firstJobId: again.jobId,
    inputS3Uri: 's3://audited/in/1',
    notAudited: 0,
    jobs: [
      { jobId: again.jobId, outcome: 'complete', byReason: {} },
      {
        jobId,
        outcome: 'partial',
        counts: { scanned: 2, imported: 1 },
        byReason: { ValidationException: 1 },
      },
    ],
  });
  const { datastoreId: empty } = await execute('provisionDatastore', { datastoreName: 'empty', polling });
  expect(await execute('auditCompletedImports', { datastoreId: empty })).toEqual({
    imageSetsMetadataSummaries: [],
    jobs: [],
    notAudited: 0,
  });
});

describe('updateImageSetMetadata', () => {
  test('sees the update through, and gives the versions with their overrides', async () => {
    const imageSetId = await stage.imageSet(1);
    const result = await followed(stage.cluster, 'updateImageSetMetadata', {
      datastoreId,
      imageSetId,
      updatableAttributes: named('A^B'),
      polling,
    });
    expect(result).toMatchObject({ latestVersionId: '2', imageSetState: 'ACTIVE' });
    expect(
      result.imageSetPropertiesList.map(({ versionId, ImageSetWorkflowStatus }) => [
        versionId,
        ImageSetWorkflowStatus,
      ]),
    ).toEqual([
      ['2', 'UPDATED'],
      ['1', 'CREATED'],
    ]);
    const forced = { StudyDescription: 'forced' };
    const second = await execute('updateImageSetMetadata', {
      datastoreId,
      imageSetId,
      updatableAttributes: JSON.stringify({ SchemaVersion: '1.1', Study: { DICOM: forced } }),
      force: true,
      polling,
    });
    expect(second.imageSetPropertiesList[0]).toMatchObject({ versionId: '3', overrides: { forced: true } });
  });

  test('goes back to an earlier version', async () => {
    const imageSetId = await stage.imageSet(1);
    await execute('updateImageSetMetadata', {
      datastoreId,
      imageSetId,
      updatableAttributes: named('A^B'),
      polling,
    });
    await control.dropConnection({ operation: 'UpdateImageSetMetadata', when: 'after' });
    const before = await callsOf('UpdateImageSetMetadata');
    expect(
      await execute('updateImageSetMetadata', { datastoreId, imageSetId, revertToVersionId: '1', polling }),
    ).toMatchObject({ latestVersionId: '3' });
    expect(await callsOf('UpdateImageSetMetadata')).toBe(before + 2);
  });

  test('is known for ours by what the metadata hold, where no answer came, or half of one', async () => {
    for (const fault of ['dropped', 'cut', 'garbled']) {
      const imageSetId = await stage.imageSet(1);
      const operation = 'UpdateImageSetMetadata' as const;
      if (fault === 'dropped') await control.dropConnection({ operation, when: 'after' });
      if (fault === 'cut') await control.cutReply({ operation });
      if (fault === 'garbled') await control.garbleReply({ operation });
      const before = await callsOf(operation);
      const input = { datastoreId, imageSetId, updatableAttributes: named(`${fault}^X`), polling };
      expect(await execute('updateImageSetMetadata', input)).toMatchObject({ latestVersionId: '2' });
      expect(await callsOf(operation)).toBe(before + 2);
    }
  });

  test("is not taken for a rival's, and made after it", async () => {
    const imageSetId = await stage.imageSet(2);
    const other = await stage.imageSet(1);
    await control.rival({
      before: 'UpdateImageSetMetadata',
      operation: 'CopyImageSet',
      input: copyRequest(datastoreId, other, imageSetId),
      settled: true,
    });
    const input = { datastoreId, imageSetId, updatableAttributes: named('C^D'), polling };
    expect(await execute('updateImageSetMetadata', input)).toMatchObject({ latestVersionId: '3' });
  });

  test('two runs that update one image set at the same time both end right', async () => {
    const imageSetId = await stage.imageSet(1);
    const update = (name: string) =>
      execute('updateImageSetMetadata', {
        datastoreId,
        imageSetId,
        updatableAttributes: named(name),
        polling,
      });
    const results = await Promise.all([update('E^F'), update('G^H')]);
    expect(results.map(({ latestVersionId }) => latestVersionId).toSorted()).toEqual(['2', '3']);
  });

  test.each([
    [
      { revertToVersionId: '1', updatableAttributes: '{}' },
      /revertToVersionId does not go with updatableAttributes/,
    ],
    [{}, /updatableAttributes is missing, or removableAttributes or revertToVersionId/],
    [{ updatableAttributes: 'SECRET' }, /updatableAttributes must be a JSON object/],
    [
      { updatableAttributes: { big: 'x'.repeat(30_001) } },
      /updatableAttributes must be a JSON object of no more bytes/,
    ],
  ])('refuses what contradicts itself before any call: %#', async (input, problem) => {
    const before = await callsOf('UpdateImageSetMetadata');
    const failure = await failureOf(
      execute('updateImageSetMetadata', untyped({ datastoreId, imageSetId: 'a'.repeat(32), ...input })),
    );
    expect(failure).toMatchObject({ type: 'ValidationFailed', message: expect.stringMatching(problem) });
    expect(failure.message).not.toContain('SECRET');
    expect(await callsOf('UpdateImageSetMetadata')).toBe(before);
  });
});

describe('copyImageSet', () => {
  /** A copy that is made and whose reply is lost; it is not made again. One into a given version is sent again, and refused. */
  async function copyUnanswered(input: Omit<FlowInput<'copyImageSet'>, 'datastoreId'>, { sent = 1 } = {}) {
    await control.dropConnection({ operation: 'CopyImageSet', when: 'after' });
    const before = await callsOf('CopyImageSet');
    const result = await execute('copyImageSet', { datastoreId, polling, ...input });
    expect(await callsOf('CopyImageSet')).toBe(before + sent);
    return result;
  }

  test('without a destination makes a new image set', async () => {
    const sourceImageSetId = await stage.imageSet(2);
    const result = await execute('copyImageSet', { datastoreId, sourceImageSetId, polling });
    expect(result).toMatchObject({ destinationLatestVersionId: '1', imageSetState: 'ACTIVE', forced: false });
    expect(result.destinationImageSetId).not.toBe(sourceImageSetId);
  });

  test('says that it was forced', async () => {
    const [sourceImageSetId, destinationImageSetId] = [await stage.imageSet(1), await stage.imageSet(1)];
    expect(
      await execute('copyImageSet', {
        datastoreId,
        sourceImageSetId,
        destinationImageSetId,
        force: true,
        polling,
      }),
    ).toMatchObject({ forced: true });
  });

  test('copies only the instances it is asked for', async () => {
    const [sourceImageSetId, destinationImageSetId] = [await stage.imageSet(3), await stage.imageSet(1)];
    const { Study } = await readMetadata(stage.aws, { datastoreId, imageSetId: sourceImageSetId });
    const [[series, { Instances }] = ['', { Instances: {} }]] = Object.entries<{ Instances: object }>(
      Study.Series,
    );
    const [instance = ''] = Object.keys(Instances);
    const copiableAttributes = JSON.stringify({
      SchemaVersion: '1.1',
      Study: { Series: { [series]: { Instances: { [instance]: {} } } } },
    });
    const copy = { sourceImageSetId, destinationImageSetId, copiableAttributes, force: true };
    expect(await copyUnanswered(copy, { sent: 2 })).toMatchObject({ destinationLatestVersionId: '2' });
    expect(await versionOf(destinationImageSetId)).toBe('2');
  });

  test('that makes a primary of source and destination is found where its answer never came', async () => {
    const [sourceImageSetId, destinationImageSetId] = [await stage.imageSet(2), await stage.imageSet(1)];
    const copy = { sourceImageSetId, destinationImageSetId, force: true, promoteToPrimary: true };
    const result = await copyUnanswered(copy);
    expect([sourceImageSetId, destinationImageSetId]).not.toContain(result.destinationImageSetId);
    const { isPrimary } = await imaging.getImageSet({
      datastoreId,
      imageSetId: result.destinationImageSetId,
    });
    expect(isPrimary).toBe(true);
  });

  test('of a source that has changed since an earlier attempt is found by what it was made of', async () => {
    const [sourceImageSetId, other] = [await stage.imageSet(2), await stage.imageSet(1)];
    const destinationImageSetId = await stage.imageSet(1);
    const operation = 'CopyImageSet' as const;
    const input = copyRequest(datastoreId, other, sourceImageSetId);
    await control.rival({ before: operation, operation, input, settled: true });
    await control.dropConnection({ operation, when: 'before' });
    const before = await callsOf(operation);
    const copy = { datastoreId, sourceImageSetId, destinationImageSetId, force: true, polling };
    const run = execute('copyImageSet', copy);
    // The second attempt is refused: it is based on the source as it was.
    await until(
      () => control.calls({ operation }),
      (calls) => calls.slice(before).at(-1)?.outcome.endsWith('Exception') ?? false,
    );
    await control.dropConnection({ operation, when: 'after' });
    expect(await run).toMatchObject({ destinationLatestVersionId: '2' });
    expect(await versionOf(destinationImageSetId)).toBe('2');
  });

  test('into a new image set whose answer never came is found, and not made twice', async () => {
    const sourceImageSetId = await stage.imageSet(2);
    const { destinationImageSetId } = await copyUnanswered({ sourceImageSetId });
    expect(await versionOf(destinationImageSetId)).toBe('1');
  });
});
