/**
 * The seven further flows of HealthImaging: what they call, step by step, and where they leave the published documents.
 *
 * The service is scripted: it says what the documents did not reckon with.
 */
import { withCluster, type Cluster } from '../support/cluster.ts';
import { failureOf } from '../support/failure.ts';
import {
  datastoreId,
  destinationImageSetId as otherImageSetId,
  onboardInput,
  polling,
  sourceImageSetId as imageSetId,
  untyped,
} from '../support/inputs.ts';
import {
  dicomJobReply,
  dicomOutput,
  imageSetArn as arnOf,
  imageSetReply,
  now,
  outputOf,
} from '../support/replies.ts';
import { textOfHistory } from '../support/history-text.ts';
import { error, startScriptedAws, type Call, type Reply, type ScriptedAws } from '../support/scripted-aws.ts';

let aws: ScriptedAws;
let cluster: Cluster;

withCluster(startScriptedAws, (...platform) => ([aws, cluster] = platform));

const imageSet = imageSetReply(imageSetId);
const free = imageSet('1', 'ACTIVE');
const found = (...ids: string[]) => ({ imageSetsMetadataSummaries: ids.map((id) => ({ imageSetId: id })) });
const metadata = {
  Patient: { DICOM: { PatientID: 'P1', PatientName: 'DOE^JANE' } },
  Study: {
    DICOM: { StudyInstanceUID: '1.2.3' },
    Series: { s: { DICOM: { Modality: 'CT' }, Instances: { i: { ImageFrames: [{ ID: 'f' }] } } } },
  },
};
const extract = {
  studyInstanceUID: '1.2.3',
  modalities: ['CT'],
  seriesCount: 1,
  instanceCount: 1,
  frameCount: 1,
};
/** SearchImageSets of an image set with all that the service may tell of it, and what of that is of no patient. */
const known = { imageSetId, version: 2, createdAt: '2026-01-02T03:04:05.000Z', isPrimary: true };
const DICOMTags = { DICOMPatientName: 'DOE^JANE', DICOMPatientId: 'P1', DICOMStudyInstanceUID: '1.2.3' };
const patients = {
  imageSetsMetadataSummaries: [{ ...known, createdAt: Date.parse(known.createdAt) / 1000, DICOMTags }],
};
const queries = (operation: string) => aws.callsOf(operation).map(({ query }) => query);
/** As many pages as anybody may want, each with a token for the next. */
const endless = (member: string, items: readonly object[]): Reply[] => [
  { [member]: items, nextToken: 'more' },
];

describe('provisionDatastore', () => {
  const datastoreArn = `arn:aws:medical-imaging:us-east-1:123456789012:datastore/${datastoreId}`;
  const store = (datastoreStatus: string) => ({
    datastoreProperties: {
      datastoreId,
      datastoreName: 'store',
      datastoreStatus,
      datastoreArn,
      createdAt: now(),
    },
  });
  const script = (...reads: Reply[]) =>
    aws.script({ CreateDatastore: [{ datastoreId, datastoreStatus: 'CREATING' }], GetDatastore: reads });
  const input = { datastoreName: 'store', polling };
  const run = (more: object = {}) => cluster.flows.execute('provisionDatastore', { ...input, ...more });

  test('follows the document call by call, with a token of this run', async () => {
    script(store('CREATING'), store('ACTIVE'));
    const handle = await cluster.flows.start('provisionDatastore', input);
    expect(await handle.result()).toEqual({ datastoreId, datastoreStatus: 'ACTIVE', datastoreArn });
    expect(aws.called()).toEqual(['CreateDatastore', 'GetDatastore', 'GetDatastore']);
    const { runId } = await handle.describe();
    expect(aws.bodyOf('CreateDatastore')).toEqual({
      datastoreName: 'store',
      clientToken: `${runId}-createDatastore`,
      tags: { 'aws-health-workflows:run': runId },
    });
  });

  test('passes on what may be asked for besides', async () => {
    script(store('ACTIVE'));
    const optional = {
      kmsKeyArn: 'arn:aws:kms:us-east-1:123456789012:alias/key',
      tags: { team: 'imaging' },
      lambdaAuthorizerArn: 'arn:aws:lambda:us-east-1:123456789012:function:f',
      losslessStorageFormat: 'HTJ2K',
      clientToken: 'mine',
    };
    await run(optional);
    expect(aws.bodyOf('CreateDatastore')).toEqual({ datastoreName: 'store', ...optional });
  });

  test.each([
    ['CREATE_FAILED', 'DatastoreCreateFailed'],
    ['DELETING', 'DatastoreNotUsable'],
    ['DELETED', 'DatastoreNotUsable'],
  ])('%s is read once more, as the document has it, and fails as %s', async (status, type) => {
    script(store('CREATING'), store(status));
    expect(await failureOf(run())).toMatchObject({
      type,
      details: { status, left: [{ remove: expect.stringContaining(datastoreId) }] },
    });
    expect(aws.called()).toEqual(['CreateDatastore', 'GetDatastore', 'GetDatastore', 'GetDatastore']);
  });

  test('one that cannot be read once more fails as what it is', async () => {
    script(store('CREATE_FAILED'), error('AccessDeniedException', 403));
    expect(await failureOf(run())).toMatchObject({
      type: 'DatastoreCreateFailed',
      details: { step: 'pollDatastore', status: 'CREATE_FAILED' },
    });
    expect(aws.callsOf('GetDatastore')).toHaveLength(2);
  });
});

describe('importDicomAndSearch', () => {
  const job = dicomJobReply;
  const imageSetsSummary = [{ imageSetId: otherImageSetId, imageSetVersion: 1, isPrimary: true }];
  const script = (jobs: Reply[], searches: Reply[] = [found(imageSetId, otherImageSetId)], imported = 2) =>
    aws.script(
      {
        StartDICOMImportJob: [{ datastoreId, jobId: 'j1', jobStatus: 'SUBMITTED' }],
        GetDICOMImportJob: jobs,
        SearchImageSets: searches,
      },
      dicomOutput('j1', { scanned: 2, imported, imageSetsSummary }),
    );
  const { datastoreName: _, ...importInput } = onboardInput;
  const input = { ...importInput, datastoreId };
  const run = (more: object = {}) => cluster.flows.execute('importDicomAndSearch', { ...input, ...more });

  test('follows the document call by call; a job without a name gets one, and a token of this run', async () => {
    script([job('SUBMITTED'), job('IN_PROGRESS'), job('COMPLETED')]);
    const handle = await cluster.flows.start('importDicomAndSearch', input);
    expect(await handle.result()).toMatchObject({
      jobId: 'j1',
      jobStatus: 'COMPLETED',
      firstImageSetId: imageSetId,
      imageSetsMetadataSummaries: [{ imageSetId }, { imageSetId: otherImageSetId }],
      // The search lists the data store; the manifest tells what this import has brought.
      imageSets: [{ imageSetId: otherImageSetId }],
      outcome: 'complete',
    });
    expect(aws.called()).toEqual([
      'StartDICOMImportJob',
      'GetDICOMImportJob',
      'GetDICOMImportJob',
      'GetDICOMImportJob',
      'SearchImageSets',
    ]);
    const { runId } = await handle.describe();
    expect(aws.bodyOf('StartDICOMImportJob')).toMatchObject({
      clientToken: `${runId}-startImportJob`,
      jobName: `import-dicom-and-search-${runId}`,
    });
    // The member is the body itself: no `searchCriteria` around it.
    expect(aws.callsOf('SearchImageSets')).toMatchObject([{ query: 'maxResults=50', body: {} }]);
  });

  test('passes on what may be asked for besides', async () => {
    script([job('COMPLETED')]);
    const optional = { jobName: 'named', clientToken: 'mine', inputOwnerAccountId: '123456789012' };
    await run(optional);
    expect(aws.bodyOf('StartDICOMImportJob')).toMatchObject(optional);
  });

  test('FAILED is a failure, with the message and the counts, and nothing is searched', async () => {
    script([job('IN_PROGRESS'), job('FAILED', { message: 'FILE_COUNTS_LIMIT exceeded' })], [], 1);
    expect(await failureOf(run())).toMatchObject({
      type: 'ImportJobFailed',
      details: {
        step: 'pollImportJob',
        status: 'FAILED',
        counts: { scanned: 2, imported: 1 },
        awsMessage: 'FILE_COUNTS_LIMIT exceeded',
      },
    });
    expect(aws.called()).not.toContain('SearchImageSets');
  });

  test('an import of nothing is a failure once all steps are done, with the result it would have given', async () => {
    script([job('COMPLETED')], undefined, 0);
    expect(await failureOf(run())).toMatchObject({
      type: 'NothingImported',
      details: { result: { jobId: 'j1', firstImageSetId: imageSetId } },
    });
    expect(aws.called()).toContain('SearchImageSets');
  });

  test('searches all pages, and no more than ten', async () => {
    script([job('COMPLETED')], [{ ...found(imageSetId), nextToken: 'more' }, found(otherImageSetId)]);
    expect(await run()).toMatchObject({
      imageSetsMetadataSummaries: [{ imageSetId }, { imageSetId: otherImageSetId }],
    });
    expect(queries('SearchImageSets')).toEqual(['maxResults=50', 'maxResults=50&nextToken=more']);

    script([job('COMPLETED')], endless('imageSetsMetadataSummaries', [{ imageSetId }]));
    expect(await run()).toMatchObject({ imageSetsMetadataSummaries: { length: 10 }, nextToken: 'more' });
  });

  test('goes on with the list of an import that has ended, and starts none', async () => {
    script([job('COMPLETED')], [found(otherImageSetId)]);
    const goOn = { datastoreId, jobId: 'j1', nextToken: 'more', polling };
    const result = await cluster.flows.execute('importDicomAndSearch', goOn);
    expect(result).toMatchObject({ imageSetsMetadataSummaries: [{ imageSetId: otherImageSetId }] });
    expect(result).not.toHaveProperty('nextToken');
    expect(aws.called()).toEqual(['GetDICOMImportJob', 'SearchImageSets']);
    expect(queries('SearchImageSets')).toEqual(['maxResults=50&nextToken=more']);
    expect((await failureOf(run({ nextToken: 'more' }))).message).toContain(
      'jobId is missing, which nextToken needs',
    );
  });

  test('lists patients unless only ids are asked for; then they are not in the history either', async () => {
    script([job('COMPLETED')], [patients]);
    expect(await run()).toMatchObject({ imageSetsMetadataSummaries: [{ ...known, DICOMTags }] });

    script([job('COMPLETED')], [patients]);
    const handle = await cluster.flows.start('importDicomAndSearch', { ...input, summaries: 'ids' });
    expect((await handle.result()).imageSetsMetadataSummaries).toEqual([known]);
    expect(await textOfHistory(cluster, handle.workflowId)).not.toContain('DOE');
  });

  test('with jobId it starts nothing and waits for that job', async () => {
    script([job('IN_PROGRESS'), job('COMPLETED')]);
    const attached = { datastoreId, jobId: 'j1', polling };
    expect(await cluster.flows.execute('importDicomAndSearch', attached)).toMatchObject({ jobId: 'j1' });
    expect(aws.called()).toEqual(['GetDICOMImportJob', 'GetDICOMImportJob', 'SearchImageSets']);
  });
});

describe('importDicomAndSearch, once the import has ended', () => {
  test('loses nothing of it where the search after it fails', async () => {
    aws.script(
      {
        GetDICOMImportJob: [dicomJobReply('COMPLETED')],
        SearchImageSets: [error('AccessDeniedException', 403)],
      },
      dicomOutput('j1', { scanned: 2, imported: 1 }),
    );
    const failure = await failureOf(
      cluster.flows.execute('importDicomAndSearch', { datastoreId, jobId: 'j1', polling }),
    );
    expect(failure).toMatchObject({
      type: 'AccessDeniedException',
      details: {
        step: 'searchImageSets',
        result: { outcome: 'partial', counts: { scanned: 2, imported: 1 } },
      },
    });
  });
});

describe('findImageSetByPatient', () => {
  const script = (...searches: Reply[]) =>
    aws.script({
      SearchImageSets: searches,
      GetImageSet: [imageSet('3', 'ACTIVE')],
      GetImageSetMetadata: [metadata],
    });
  const run = () => cluster.flows.execute('findImageSetByPatient', { datastoreId, dicomPatientId: 'P1' });
  const filters = [{ operator: 'EQUAL', values: [{ DICOMPatientId: 'P1' }] }];

  test('follows the document call by call; what is in the blob is not in the result', async () => {
    script(found(imageSetId));
    const result = await run();
    expect(result).toEqual({
      matchedImageSetId: imageSetId,
      versionId: '3',
      imageSetMetadataBlob: expect.objectContaining({ bytes: JSON.stringify(metadata).length }),
      metadata: extract,
      imageSetIds: [imageSetId],
    });
    expect(JSON.stringify(result)).not.toContain('DOE');
    expect(aws.called()).toEqual(['SearchImageSets', 'GetImageSet', 'GetImageSetMetadata']);
    // The member is the body itself: no `searchCriteria` around it.
    expect(aws.calls).toMatchObject([
      { query: 'maxResults=1', body: { filters } },
      {},
      { query: 'version=3' },
    ]);
  });

  test('gives the ids of all image sets of the patient, of all pages', async () => {
    script(
      { ...found(imageSetId), nextToken: 'more' },
      { ...found(otherImageSetId), nextToken: 'still more' },
      found(imageSetId),
    );
    expect(await run()).toMatchObject({
      matchedImageSetId: imageSetId,
      imageSetIds: [otherImageSetId, imageSetId],
    });
    expect(aws.callsOf('SearchImageSets')).toMatchObject([
      { query: 'maxResults=1' },
      { query: 'maxResults=50', body: { filters } },
      { query: 'maxResults=50&nextToken=still%20more', body: { filters } },
    ]);
  });

  test('gives the ids of all image sets of the patient, where the first page holds more than was asked for', async () => {
    script(found(imageSetId, otherImageSetId));
    expect(await run()).toMatchObject({ imageSetIds: [imageSetId, otherImageSetId] });
    expect(aws.callsOf('SearchImageSets')).toHaveLength(1);
  });

  test('goes on with the ids of a search that was cut, and reads nothing else', async () => {
    script({ ...found(otherImageSetId), nextToken: 'still more' }, found(imageSetId));
    const goOn = { datastoreId, dicomPatientId: 'P1', nextToken: 'more' };
    expect(await cluster.flows.execute('findImageSetByPatient', goOn)).toEqual({
      imageSetIds: [otherImageSetId, imageSetId],
    });
    expect(aws.called()).toEqual(['SearchImageSets', 'SearchImageSets']);
    expect(queries('SearchImageSets')[0]).toBe('maxResults=50&nextToken=more');
  });

  test('has no more of the patient in its history than was asked for', async () => {
    script({ ...patients, nextToken: 'more' }, patients);
    const run = await cluster.flows.start('findImageSetByPatient', { datastoreId, dicomPatientId: 'P1' });
    await run.result();
    expect(await textOfHistory(cluster, run.workflowId)).not.toContain('DOE');
  });

  test('says where a search goes on that has found nothing as far as it went', async () => {
    script({ ...found(), nextToken: 'more' });
    expect(await run()).toEqual({ imageSetIds: [], nextToken: 'more' });
  });

  test('looks further where the first page holds nothing and others follow', async () => {
    script({ ...found(), nextToken: 'more' }, found(imageSetId));
    expect(await run()).toMatchObject({ matchedImageSetId: imageSetId, imageSetIds: [imageSetId] });
    expect(aws.callsOf('SearchImageSets')).toHaveLength(2);
  });

  test('a patient without an image set is a result that says so', async () => {
    script(found());
    expect(await run()).toEqual({ imageSetIds: [] });
    expect(aws.called()).toEqual(['SearchImageSets']);
  });

  test('metadata that are no JSON are a blob like any other', async () => {
    aws.script({
      SearchImageSets: [found(imageSetId)],
      GetImageSet: [imageSet('3', 'ACTIVE')],
      GetImageSetMetadata: [{ $raw: 'no JSON' }],
    });
    const result = await run();
    expect(result).toMatchObject({ matchedImageSetId: imageSetId, imageSetMetadataBlob: { bytes: 7 } });
    expect(result).not.toHaveProperty('metadata');
    expect(aws.callsOf('GetImageSetMetadata')).toHaveLength(1);
  });

  test('one throttled and one failed call do not end the flow', async () => {
    script(error('ThrottlingException', 429), error('InternalServerException', 500), found(imageSetId));
    expect(await run()).toMatchObject({ matchedImageSetId: imageSetId });
  });
});

describe('inspectImageSet', () => {
  const imageFrameId = 'f'.repeat(32);
  const script = (...reads: Reply[]) =>
    aws.script({
      GetImageSet: reads,
      GetImageSetMetadata: [metadata],
      GetImageFrame: [{ pixels: 'SECRET' }],
    });
  const run = () =>
    cluster.flows.execute('inspectImageSet', { datastoreId, imageSetId, imageFrameId, polling });

  test('follows the document call by call; what is in the blobs is not in the result', async () => {
    script(free);
    const result = await run();
    expect(result).toEqual({
      versionId: '1',
      imageSetMetadataBlob: expect.objectContaining({ sha256: expect.any(String) }),
      imageFrameBlob: expect.objectContaining({ sha256: expect.any(String) }),
      metadata: extract,
    });
    expect(JSON.stringify(result)).not.toMatch(/DOE|SECRET/);
    expect(aws.called()).toEqual(['GetImageSet', 'GetImageSetMetadata', 'GetImageFrame']);
    expect(queries('GetImageSetMetadata')).toEqual(['version=1']);
    // The member is the body itself: no `imageFrameInformation` around it.
    expect(aws.bodyOf('GetImageFrame')).toEqual({ imageFrameId });
  });

  test('an image set that is LOCKED is waited for, and read as it is then', async () => {
    script(
      imageSet('1', 'LOCKED', 'UPDATING'),
      imageSet('2', 'LOCKED', 'UPDATING'),
      imageSet('2', 'ACTIVE', 'UPDATED'),
    );
    expect(await run()).toMatchObject({ versionId: '2' });
    expect(aws.called().slice(0, 4)).toEqual([
      'GetImageSet',
      'GetImageSet',
      'GetImageSet',
      'GetImageSetMetadata',
    ]);
    expect(queries('GetImageSetMetadata')).toEqual(['version=2']);
  });

  test('one that is DELETED is a failure, and nothing more is read', async () => {
    script(imageSet('2', 'DELETED', 'DELETED'));
    expect(await failureOf(run())).toMatchObject({
      type: 'ImageSetNotUsable',
      details: { step: 'getImageSet', status: 'DELETED' },
    });
    expect(aws.called()).toEqual(['GetImageSet']);
  });

  test('one that stays LOCKED for too long fails WaitTimedOut', async () => {
    script(imageSet('1', 'LOCKED', 'UPDATING'));
    const impatient = { datastoreId, imageSetId, imageFrameId, polling: { ...polling, timeout: 200 } };
    expect(await failureOf(cluster.flows.execute('inspectImageSet', impatient))).toMatchObject({
      type: 'WaitTimedOut',
      details: { step: 'getImageSet', status: 'LOCKED' },
    });
  });
});

describe('tagImageSet', () => {
  const imageSetArn = arnOf(imageSetId);
  const script = (...lists: Reply[]) =>
    aws.script({ GetImageSet: [free], TagResource: [{}], ListTagsForResource: lists });
  const tags = { team: 'a', site: 'b' };
  const run = (more: object = {}) =>
    cluster.flows.execute('tagImageSet', { datastoreId, imageSetId, tags, polling, ...more });

  test('follows the document call by call, the ARN one label of the path', async () => {
    script({ tags: { ...tags, before: 'c' } });
    expect(await run()).toEqual({ imageSetArn, tags: { ...tags, before: 'c' } });
    expect(aws.called()).toEqual(['GetImageSet', 'TagResource', 'ListTagsForResource']);
    expect(aws.bodyOf('TagResource')).toEqual({ tags });
    expect(aws.calls[1]?.path).toBe(`/tags/${encodeURIComponent(imageSetArn)}`);
  });

  test.each([
    ['is not there', { team: 'a' }],
    ['has its old value', { team: 'a', site: 'old' }],
  ])('a tag that %s yet is waited for', async (_, before) => {
    script({ tags: before }, { tags });
    expect(await run()).toMatchObject({ tags });
    expect(aws.callsOf('ListTagsForResource')).toHaveLength(2);
    expect(aws.callsOf('TagResource')).toHaveLength(1);
  });

  test('one that never shows fails ConfirmationMissing, with the number and no tag', async () => {
    script({ tags: { team: 'a' } });
    const failure = await failureOf(run({ polling: { ...polling, timeout: 200 } }));
    expect(failure).toMatchObject({
      type: 'ConfirmationMissing',
      message: expect.stringContaining('1 of the tags do not show'),
      details: { step: 'listTags' },
    });
  });

  test('an image set that is LOCKED is tagged at once: tags are no change of it', async () => {
    aws.script({
      GetImageSet: [imageSet('2', 'LOCKED', 'UPDATING')],
      TagResource: [{}],
      ListTagsForResource: [{ tags }],
    });
    await run();
    expect(aws.called()).toEqual(['GetImageSet', 'TagResource', 'ListTagsForResource']);
  });

  test('tagging that got no answer is done again: the second time changes nothing', async () => {
    aws.script({ GetImageSet: [free], TagResource: ['drop', {}], ListTagsForResource: [{ tags }] });
    expect(await run()).toMatchObject({ tags });
  });
});

describe('updateImageSetMetadata', () => {
  const updated = (latestVersionId = '2') => ({
    datastoreId,
    imageSetId,
    latestVersionId,
    imageSetState: 'LOCKED',
  });
  const done = imageSet('2', 'ACTIVE', 'UPDATED');
  const version = (versionId: string, ImageSetWorkflowStatus: string) => ({
    imageSetId,
    versionId,
    imageSetState: 'ACTIVE',
    ImageSetWorkflowStatus,
  });
  const versions = { imageSetPropertiesList: [version('2', 'UPDATED'), version('1', 'CREATED')] };
  const script = (reads: Reply[], updates: Reply[] = [updated()], lists: Reply[] = [versions]) =>
    aws.script({ GetImageSet: reads, UpdateImageSetMetadata: updates, ListImageSetVersions: lists });
  const updatableAttributes = { SchemaVersion: 1.1, Patient: { DICOM: { PatientName: 'A^B' } } };
  const removableAttributes = { SchemaVersion: 1.1, Patient: { DICOM: { PatientAge: '' } } };
  const run = (more: object = { updatableAttributes }) =>
    cluster.flows.execute('updateImageSetMetadata', untyped({ datastoreId, imageSetId, polling, ...more }));
  const base64 = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64');
  const updates = () => aws.callsOf('UpdateImageSetMetadata').map(({ query, body }) => ({ query, body }));

  test('follows the document call by call, and waits for the update', async () => {
    script(
      [imageSet('7', 'ACTIVE'), imageSet('8', 'LOCKED', 'UPDATING'), imageSet('8', 'ACTIVE', 'UPDATED')],
      [updated('8')],
    );
    expect(await run()).toEqual({
      latestVersionId: '8',
      imageSetState: 'ACTIVE',
      imageSetPropertiesList: versions.imageSetPropertiesList,
    });
    expect(aws.called()).toEqual([
      'GetImageSet',
      'UpdateImageSetMetadata',
      'GetImageSet',
      'GetImageSet',
      'ListImageSetVersions',
    ]);
    expect(queries('ListImageSetVersions')).toEqual(['maxResults=50']);
  });

  test.each([
    [
      'attributes to change',
      { updatableAttributes },
      { DICOMUpdates: { updatableAttributes: base64(updatableAttributes) } },
    ],
    [
      'attributes to change and to remove, as text',
      {
        updatableAttributes: JSON.stringify(updatableAttributes),
        removableAttributes: JSON.stringify(removableAttributes),
      },
      {
        DICOMUpdates: {
          updatableAttributes: base64(updatableAttributes),
          removableAttributes: base64(removableAttributes),
        },
      },
    ],
    [
      'attributes in base64, as the document has them,',
      { updatableAttributes: base64(updatableAttributes) },
      { DICOMUpdates: { updatableAttributes: base64(updatableAttributes) } },
    ],
    ['a version to go back to', { revertToVersionId: '1' }, { revertToVersionId: '1' }],
  ])('sends %s as the service takes them, and nothing around them', async (_, more, body) => {
    script([free, done]);
    await run(more);
    expect(updates()).toEqual([{ query: 'latestVersion=1', body }]);
  });

  test('sends force', async () => {
    script([free, done]);
    await run({ updatableAttributes, force: true });
    expect(updates()).toMatchObject([{ query: 'force=true&latestVersion=1' }]);
  });

  test('an image set that is LOCKED is waited for before anything is changed', async () => {
    script(
      [
        imageSet('1', 'LOCKED', 'COPYING_WITH_READ_ONLY_ACCESS'),
        imageSet('2', 'ACTIVE', 'COPIED'),
        imageSet('3', 'ACTIVE', 'UPDATED'),
      ],
      [updated('3')],
    );
    expect(await run()).toMatchObject({ latestVersionId: '3' });
    expect(aws.called().slice(0, 3)).toEqual(['GetImageSet', 'GetImageSet', 'UpdateImageSetMetadata']);
    expect(updates()).toMatchObject([{ query: 'latestVersion=2' }]);
  });

  test('an image set that is DELETED is a failure, and nothing is changed', async () => {
    script([imageSet('2', 'DELETED', 'DELETED')]);
    expect(await failureOf(run())).toMatchObject({
      type: 'ImageSetNotUsable',
      details: { step: 'getImageSet' },
    });
    expect(aws.called()).toEqual(['GetImageSet']);
  });

  test('a stale ACTIVE right after the update is waited out', async () => {
    script([free, free, free, done]);
    await run();
    expect(aws.called().slice(2)).toEqual([
      'GetImageSet',
      'GetImageSet',
      'GetImageSet',
      'ListImageSetVersions',
    ]);
  });

  test.each([
    [
      'an update that failed',
      imageSet('2', 'ACTIVE', 'UPDATE_FAILED', 'Attribute is not allowed'),
      /the update has failed$/,
      { awsMessage: 'Attribute is not allowed' },
    ],
    ['an image set that is deleted meanwhile', imageSet('2', 'DELETED', 'DELETED'), /is deleted$/, {}],
  ])('%s is a failure, and no versions are listed', async (_, read, message, told) => {
    script([free, read]);
    expect(await failureOf(run())).toMatchObject({
      type: 'UpdateFailed',
      message: expect.stringMatching(message),
      details: { step: '+awaitUpdate', ids: { imageSetId }, ...told },
    });
    expect(aws.called()).not.toContain('ListImageSetVersions');
  });

  test.each([
    ['a stale version', error('ResourceNotFoundException', 404, 'Requested version(s) is not the latest.')],
    ['a lock', error('ConflictException', 409)],
  ])('%s leads to a fresh read and a new decision, never to a blind repeat', async (_, refusal) => {
    script([free, imageSet('5', 'ACTIVE'), imageSet('6', 'ACTIVE', 'UPDATED')], [refusal, updated('6')]);
    expect(await run()).toMatchObject({ latestVersionId: '6' });
    expect(updates()).toMatchObject([{ query: 'latestVersion=1' }, { query: 'latestVersion=5' }]);
  });

  test.each([
    ['throttled', error('ThrottlingException', 429)],
    ['over a quota', error('ServiceQuotaExceededException', 402)],
  ])('one that is %s is sent again', async (_, refusal) => {
    script([free, done], [refusal, updated()]);
    await run();
    expect(updates()).toHaveLength(2);
  });

  test('one whose reply was lost is sent again with the version it had', async () => {
    script([free, done], ['drop', updated()]);
    await run();
    expect(aws.called()).toEqual([
      'GetImageSet',
      'UpdateImageSetMetadata',
      'UpdateImageSetMetadata',
      'GetImageSet',
      'ListImageSetVersions',
    ]);
    expect(updates()).toMatchObject([{ query: 'latestVersion=1' }, { query: 'latestVersion=1' }]);
  });

  test.each([
    ['an update', { updatableAttributes: { Patient: { DICOM: { PatientID: 'P1' } } } }],
    ['going back to a version', { revertToVersionId: '1' }],
  ])(
    '%s that would change nothing, and whose answer never came, cannot be told from none',
    async (_, more) => {
      aws.script({
        GetImageSet: [free, done],
        UpdateImageSetMetadata: ['drop', error('ConflictException', 409)],
        GetImageSetMetadata: [metadata],
      });
      expect(await failureOf(run(more))).toMatchObject({
        type: 'OutcomeUnknown',
        details: { step: expect.stringMatching(/metadata/), ids: { imageSetId } },
      });
      expect(updates()).toHaveLength(2);
    },
  );

  test('one in doubt is judged by the newest version that was seen, though a later read shows an older one', async () => {
    aws.script({
      GetImageSet: [free, done, free],
      UpdateImageSetMetadata: ['drop', error('ConflictException', 409), updated('3')],
      GetImageSetMetadata: [metadata],
    });
    expect(await failureOf(run())).toMatchObject({ details: { step: expect.stringMatching(/metadata/) } });
    expect(updates()).toMatchObject([{ query: 'latestVersion=1' }, { query: 'latestVersion=1' }]);
  });

  test('one in doubt whose image set is deleted meanwhile is not said to have changed nothing', async () => {
    script([free, imageSet('2', 'DELETED', 'DELETED')], ['drop', error('ConflictException', 409)]);
    expect(await failureOf(run())).toMatchObject({ type: 'OutcomeUnknown' });
  });

  test("an end that another writer has overtaken is judged by the update's own version", async () => {
    script([free, imageSet('3', 'ACTIVE', 'COPIED'), done]);
    expect(await run()).toMatchObject({ latestVersionId: '2' });
    expect(aws.calls[3]).toMatchObject({ operation: 'GetImageSet', query: 'version=2' });
    script([free, imageSet('3', 'ACTIVE', 'COPIED'), imageSet('2', 'ACTIVE', 'UPDATE_FAILED', 'no')]);
    expect(await failureOf(run())).toMatchObject({ type: 'UpdateFailed' });
  });

  test('lists all pages of versions, and no more than ten', async () => {
    const pages = [version('3', 'UPDATED'), version('2', 'UPDATED')].map((one) => ({
      imageSetPropertiesList: [one],
    }));
    script([free, done], undefined, [{ ...pages[0], nextToken: 'more' }, { ...pages[1] }]);
    expect(await run()).toMatchObject({ imageSetPropertiesList: [{ versionId: '3' }, { versionId: '2' }] });
    expect(queries('ListImageSetVersions')).toEqual(['maxResults=50', 'maxResults=50&nextToken=more']);

    script([free, done], undefined, endless('imageSetPropertiesList', [version('2', 'UPDATED')]));
    expect(await run()).toMatchObject({ imageSetPropertiesList: { length: 10 }, nextToken: 'more' });
  });

  test('goes on with a list of versions that was cut, and changes nothing', async () => {
    script([done], undefined, [{ imageSetPropertiesList: [version('1', 'CREATED')] }]);
    const goOn = { datastoreId, imageSetId, nextToken: 'more' };
    expect(await cluster.flows.execute('updateImageSetMetadata', goOn)).toEqual({
      latestVersionId: '2',
      imageSetState: 'ACTIVE',
      imageSetPropertiesList: [expect.objectContaining({ versionId: '1' })],
    });
    expect(aws.called()).toEqual(['GetImageSet', 'ListImageSetVersions']);
    expect(queries('ListImageSetVersions')).toEqual(['maxResults=50&nextToken=more']);
    expect((await failureOf(run({ updatableAttributes, nextToken: 'more' }))).message).toContain(
      'nextToken does not go with',
    );
  });
});

describe('auditCompletedImports', () => {
  const minutesAgo: Record<string, number> = { new: 10, between: 20, old: 30 };
  const endOf = (jobId: string) => now() - 60 * (minutesAgo[jobId] ?? 60);
  const summary = (jobId: string) => ({
    jobId,
    jobName: 'n',
    jobStatus: 'COMPLETED',
    datastoreId,
    // The service need not say when a job was submitted.
    ...(jobId === 'between' ? { endedAt: endOf(jobId) } : { submittedAt: endOf(jobId) }),
  });
  const details = (jobId: string, more: object = {}) => ({
    jobProperties: {
      ...summary(jobId),
      endedAt: endOf(jobId),
      inputS3Uri: `s3://bucket/${jobId}/`,
      outputS3Uri: `${outputOf(jobId)}/`,
      ...more,
    },
  });
  const run = (more: object = {}) => cluster.flows.execute('auditCompletedImports', { datastoreId, ...more });
  const idIn = ({ path }: Pick<Call, 'path'>) => path.split('/').at(-1) ?? '';

  test('follows the document for the newest job, wherever the list has it, and opens up each', async () => {
    aws.script(
      {
        ListDICOMImportJobs: [
          { jobSummaries: [summary('old'), summary('new')], nextToken: 'more' },
          { jobSummaries: [summary('between')] },
        ],
        GetDICOMImportJob: [(call: Call) => details(idIn(call))],
        SearchImageSets: [{ ...found(imageSetId), nextToken: 'more' }, found(otherImageSetId)],
      },
      {
        ...dicomOutput('new', { scanned: 2, imported: 2 }),
        ...dicomOutput('between', { scanned: 2, imported: 1 }),
      },
    );
    expect(await run()).toMatchObject({
      firstJobId: 'new',
      inputS3Uri: 's3://bucket/new/',
      outputS3Uri: `${outputOf('new')}/`,
      imageSetsMetadataSummaries: [{ imageSetId }, { imageSetId: otherImageSetId }],
      jobs: [
        { jobId: 'new', outcome: 'complete', endedAt: expect.stringMatching(/Z$/), byReason: {} },
        {
          jobId: 'between',
          outcome: 'partial',
          counts: { scanned: 2, imported: 1 },
          byReason: { ValidationException: 1 },
        },
        // A manifest of long ago that is gone is no failure, and not waited for.
        { jobId: 'old', outcome: 'unknown', manifest: { state: 'missing' } },
      ],
      notAudited: 0,
    });
    expect(queries('ListDICOMImportJobs')).toEqual([
      'jobStatus=COMPLETED&maxResults=50',
      'jobStatus=COMPLETED&maxResults=50&nextToken=more',
    ]);
    // The document's own sequence, and then the other jobs.
    expect(aws.called()).toEqual([
      'ListDICOMImportJobs',
      'ListDICOMImportJobs',
      'GetDICOMImportJob',
      'SearchImageSets',
      'SearchImageSets',
      'GetDICOMImportJob',
      'GetDICOMImportJob',
    ]);
    expect(idIn(aws.callsOf('GetDICOMImportJob')[0] ?? { path: '' })).toBe('new');
  });

  test('no completed import is a result that says so', async () => {
    aws.script({ ListDICOMImportJobs: [{ jobSummaries: [] }] });
    expect(await run()).toEqual({ imageSetsMetadataSummaries: [], jobs: [], notAudited: 0 });
    expect(aws.called()).toEqual(['ListDICOMImportJobs']);
  });

  test('a job that is listed as completed and is not is a failure', async () => {
    aws.script({
      ListDICOMImportJobs: [{ jobSummaries: [summary('j1')] }],
      GetDICOMImportJob: [details('j1', { jobStatus: 'FAILED' })],
    });
    expect(await failureOf(run())).toMatchObject({
      type: 'ImportJobFailed',
      details: { step: 'getJobDetail' },
    });
  });

  test.each([
    ['is gone', error('ResourceNotFoundException', 404, 'no such job'), /no such job/],
    ['has another status', details('old', { jobStatus: 'FAILED' }), /is FAILED/],
  ])('a job beside the newest that %s is a line of the audit, and not its end', async (_, reply, reason) => {
    aws.script(
      {
        ListDICOMImportJobs: [{ jobSummaries: [summary('new'), summary('old')] }],
        GetDICOMImportJob: [details('new'), reply],
        SearchImageSets: [found(imageSetId)],
      },
      dicomOutput('new', { scanned: 1, imported: 1 }),
    );
    const { jobs } = await run();
    expect(jobs).toMatchObject([
      { jobId: 'new', outcome: 'complete' },
      {
        jobId: 'old',
        outcome: 'unknown',
        manifest: { state: 'unreadable', reason: expect.stringMatching(reason) },
      },
    ]);
  });

  test('opens up the newest 500, and says how many there are besides, and how to go on with them', async () => {
    const at = (jobId: string, secondsAgo: number) => ({
      ...summary(jobId),
      submittedAt: 1_760_000_000.25 - secondsAgo,
    });
    const many = Array.from({ length: 498 }, (_, index) => at(`j${index}`, index));
    // Two that were submitted at the same time, the 500th and the 501st, and one before them.
    const last = [at('twin', 498), at('other', 498), at('first', 499)];
    const script = () =>
      aws.script({
        ListDICOMImportJobs: [
          { jobSummaries: [...many, ...last], nextToken: 'more' },
          { jobSummaries: [summary('new')] },
        ],
        GetDICOMImportJob: [(call: Call) => details(idIn(call), { outputS3Uri: undefined })],
        SearchImageSets: [found()],
      });
    script();
    const handle = await cluster.flows.start('auditCompletedImports', { datastoreId });
    const result = await handle.result();
    expect(result).toMatchObject({ jobs: { length: 500 }, firstJobId: 'new', notAudited: 2 });
    expect(result).not.toHaveProperty('jobsNextToken');
    // From 10,240 events on Temporal warns of a history.
    expect((await handle.describe()).historyLength).toBeLessThan(10_240);

    const { nextSubmittedBefore: submittedBefore } = result;
    expect(submittedBefore).toBe(new Date((1_760_000_000.25 - 498) * 1000).toISOString());
    script();
    const rest = await run({ submittedBefore });
    expect(rest).toMatchObject({
      jobs: [{ jobId: 'twin' }, { jobId: 'other' }, { jobId: 'first' }],
      notAudited: 0,
    });
    expect(rest).not.toHaveProperty('nextSubmittedBefore');
  });

  describe('of a list that was cut', () => {
    /** Three jobs of one list, and their entries. */
    const scriptThree = (more: object = {}) =>
      aws.script({
        ListDICOMImportJobs: [{ jobSummaries: ['old', 'new', 'between'].map(summary), ...more }],
        GetDICOMImportJob: [(call: Call) => details(idIn(call), { outputS3Uri: undefined })],
        SearchImageSets: [patients],
      });
    const timeOf = (jobId: string) => new Date(endOf(jobId) * 1000).toISOString();

    test('audits a range of times, both ends included', async () => {
      scriptThree();
      const ids = async (more: object) => (await run(more)).jobs.map(({ jobId }) => jobId);
      const [old, between] = ['old', 'between'].map(timeOf);
      // Each call of `endOf` is a little later than the script.
      const later = (time = '') => new Date(Date.parse(time) + 60_000).toISOString();
      expect(await ids({ submittedBefore: later(between) })).toEqual(['between', 'old']);
      expect(await ids({ submittedAfter: later(old) })).toEqual(['new', 'between']);
      expect(await ids({ submittedAfter: later(old), submittedBefore: later(between) })).toEqual(['between']);
      expect(await ids({ submittedBefore: '2020-01-01T00:00:00+01:00' })).toEqual([]);
    });

    test('goes on with the list of jobs where it has more than 5,000', async () => {
      scriptThree({ nextToken: 'more jobs' });
      expect(await run()).toMatchObject({ jobsNextToken: 'more jobs', notAudited: 0 });
      expect(aws.callsOf('ListDICOMImportJobs')).toHaveLength(100);
      scriptThree();
      expect(await run({ jobsNextToken: 'more jobs' })).toMatchObject({ jobs: { length: 3 } });
      expect(queries('ListDICOMImportJobs')).toEqual([
        'jobStatus=COMPLETED&maxResults=50&nextToken=more%20jobs',
      ]);
    });

    test('goes on with the list of image sets, and audits nothing', async () => {
      aws.script({ SearchImageSets: [found(otherImageSetId)] });
      expect(await run({ nextToken: 'more' })).toEqual({
        imageSetsMetadataSummaries: [{ imageSetId: otherImageSetId }],
        jobs: [],
        notAudited: 0,
      });
      expect(queries('SearchImageSets')).toEqual(['maxResults=50&nextToken=more']);
    });

    test('lists patients unless only ids are asked for', async () => {
      scriptThree();
      expect(await run()).toMatchObject({ imageSetsMetadataSummaries: [{ ...known, DICOMTags }] });
      expect((await run({ summaries: 'ids' })).imageSetsMetadataSummaries).toEqual([known]);
    });
  });
});

// The models of both services declare ValidationException for each of these operations; of a token's life they say nothing.
describe('a token that the service does not take any more', () => {
  const stale = error('ValidationException', 400, 'Invalid token DOE');
  test.each([
    ['importDicomAndSearch', 'searchImageSets', { jobId: 'j1', nextToken: 'old', polling }],
    ['findImageSetByPatient', '+allOfPatient', { dicomPatientId: 'P1', nextToken: 'old' }],
    ['updateImageSetMetadata', 'listVersions', { imageSetId, nextToken: 'old' }],
    ['auditCompletedImports', 'searchImageSets', { nextToken: 'old' }],
    ['auditCompletedImports', 'listCompletedJobs', { jobsNextToken: 'old' }],
  ] as const)('%s says at %s what is wrong and what to do', async (flow, step, input) => {
    aws.script(
      {
        GetDICOMImportJob: [dicomJobReply('COMPLETED')],
        GetImageSet: [free],
        SearchImageSets: [stale],
        ListImageSetVersions: [stale],
        ListDICOMImportJobs: [stale],
      },
      dicomOutput('j1', { scanned: 1, imported: 1 }),
    );
    const failure = await failureOf(cluster.flows.execute(flow, { datastoreId, ...input }));
    expect(failure).toMatchObject({
      type: 'ValidationException',
      message: expect.stringMatching(/does not accept the token of the input.*Start again without it/),
      details: { step, awsMessage: 'Invalid token DOE' },
    });
    expect(failure.message).not.toContain('DOE');
  });
});
