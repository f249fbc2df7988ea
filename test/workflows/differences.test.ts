/**
 * The intended differences of the founding flows from the published documents, and that they otherwise follow them.
 *
 * The service is scripted: it gives replies that the documents do not handle.
 */
import { SHORT_CALLS, SEARCH_LAG_MS, withCluster, type Cluster } from '../support/cluster.ts';
import { failureOf } from '../support/failure.ts';
import { copyInput, datastoreId, destinationImageSetId, fhirInput, onboardInput } from '../support/inputs.ts';
import {
  dicomJobReply,
  dicomOutput,
  fhirImportReply,
  imageSetReply,
  now,
  outputOf,
} from '../support/replies.ts';
import {
  error,
  startScriptedAws,
  type Reply,
  type ScriptedAws,
  type StoredObject,
} from '../support/scripted-aws.ts';

let aws: ScriptedAws;
let cluster: Cluster;

withCluster(startScriptedAws, (...platform) => ([aws, cluster] = platform), { settings: SHORT_CALLS });

describe('copyImageSet', () => {
  const imageSet = imageSetReply(destinationImageSetId);
  const free = imageSet('1', 'ACTIVE');
  const copied = {
    datastoreId,
    destinationImageSetProperties: { imageSetId: destinationImageSetId, latestVersionId: '2' },
  };
  const run = (input: object = {}) => cluster.flows.execute('copyImageSet', { ...copyInput, ...input });

  test('follows the document call by call, with the versions it has read', async () => {
    aws.script({
      GetImageSet: [
        imageSet('7', 'ACTIVE'),
        imageSet('1', 'ACTIVE'),
        imageSet('2', 'LOCKED', 'COPYING'),
        imageSet('2', 'ACTIVE', 'COPIED'),
      ],
      CopyImageSet: [copied],
    });
    expect(await run()).toEqual({
      destinationImageSetId,
      destinationLatestVersionId: '2',
      imageSetState: 'ACTIVE',
      imageSetWorkflowStatus: 'COPIED',
      forced: false,
    });
    expect(aws.called()).toEqual([
      'GetImageSet',
      'GetImageSet',
      'CopyImageSet',
      'GetImageSet',
      'GetImageSet',
    ]);
    // The copy information is the body itself, without a member `copyImageSetInformation`.
    expect(aws.calls[2]?.body).toEqual({
      sourceImageSet: { latestVersionId: '7' },
      destinationImageSet: { imageSetId: destinationImageSetId, latestVersionId: '1' },
    });
  });

  test('a copy that failed is a failure, with the message of the image set, though it is ACTIVE', async () => {
    aws.script({
      GetImageSet: [
        free,
        free,
        imageSet('2', 'ACTIVE', 'COPY_FAILED', "INVALID_REQUEST: Series don't match."),
      ],
      CopyImageSet: [copied],
    });
    const failure = await failureOf(run());
    expect(failure).toMatchObject({
      type: 'CopyFailed',
      message: 'pollDestination: the copy has failed',
      details: {
        step: 'pollDestination',
        status: 'COPY_FAILED',
        ids: { datastoreId },
        awsMessage: "INVALID_REQUEST: Series don't match.",
      },
    });
  });

  test('a destination that is deleted meanwhile is a failure', async () => {
    aws.script({ GetImageSet: [free, free, imageSet('2', 'DELETED', 'DELETED')], CopyImageSet: [copied] });
    expect(await failureOf(run())).toMatchObject({
      type: 'CopyFailed',
      details: { step: 'pollDestination' },
    });
  });

  test.each([
    ['source', [imageSet('2', 'DELETED', 'DELETED'), free]],
    ['destination', [free, imageSet('2', 'DELETED', 'DELETED')]],
  ])('a %s that was deleted before is refused by the service', async (_, reads) => {
    aws.script({ GetImageSet: reads, CopyImageSet: [error('ResourceNotFoundException', 404, 'deleted')] });
    expect(await failureOf(run())).toMatchObject({
      type: 'ResourceNotFoundException',
      details: { step: 'copyImageSet' },
    });
    expect(aws.called()).toEqual(['GetImageSet', 'GetImageSet', 'CopyImageSet']);
  });

  test('a stale ACTIVE right after the copy is waited out', async () => {
    aws.script({
      GetImageSet: [free, free, free, free, imageSet('2', 'ACTIVE', 'COPIED')],
      CopyImageSet: [copied],
    });
    expect(await run()).toMatchObject({ imageSetWorkflowStatus: 'COPIED' });
  });

  test.each([
    ['source', [imageSet('1', 'LOCKED', 'UPDATING'), imageSet('2', 'ACTIVE', 'UPDATED'), free], '2', '1'],
    [
      'destination',
      [free, imageSet('1', 'LOCKED', 'UPDATING'), imageSet('2', 'ACTIVE', 'UPDATED')],
      '1',
      '2',
    ],
  ])('a %s that is LOCKED is waited for before anything is copied', async (_, reads, source, destination) => {
    aws.script({ GetImageSet: [...reads, imageSet('3', 'ACTIVE', 'COPIED')], CopyImageSet: [copied] });
    await run();
    expect(aws.called().slice(0, 4)).toEqual(['GetImageSet', 'GetImageSet', 'GetImageSet', 'CopyImageSet']);
    expect(aws.calls[3]?.body).toMatchObject({
      sourceImageSet: { latestVersionId: source },
      destinationImageSet: { latestVersionId: destination },
    });
  });

  test('one throttled and one failed read do not end the flow', async () => {
    aws.script({
      GetImageSet: [
        error('ThrottlingException', 429),
        error('InternalServerException', 500),
        free,
        free,
        imageSet('2', 'ACTIVE', 'COPIED'),
      ],
      CopyImageSet: [copied],
    });
    expect(await run()).toMatchObject({ imageSetState: 'ACTIVE' });
  });

  test.each([
    ['throttled', error('ThrottlingException', 429)],
    ['over a quota', error('ServiceQuotaExceededException', 402)],
  ])('a copy that is %s is sent again', async (_, refusal) => {
    aws.script({
      GetImageSet: [free, free, imageSet('2', 'ACTIVE', 'COPIED')],
      CopyImageSet: [refusal, copied],
    });
    await run();
    expect(aws.called()).toEqual([
      'GetImageSet',
      'GetImageSet',
      'CopyImageSet',
      'CopyImageSet',
      'GetImageSet',
    ]);
  });

  const stale = error(
    'ResourceNotFoundException',
    404,
    'Requested version(s) of ImageSet(s) is not the latest.',
  );
  test.each([
    ['a stale version', stale],
    ['a lock', error('ConflictException', 409)],
  ])('%s leads to a fresh read and a new decision, never to a blind retry', async (_, refusal) => {
    aws.script({
      GetImageSet: [free, free, free, imageSet('5', 'ACTIVE'), imageSet('6', 'ACTIVE', 'COPIED')],
      CopyImageSet: [
        refusal,
        {
          ...copied,
          destinationImageSetProperties: { imageSetId: destinationImageSetId, latestVersionId: '6' },
        },
      ],
    });
    expect(await run()).toMatchObject({ destinationLatestVersionId: '6' });
    expect(aws.calls[5]).toMatchObject({
      operation: 'CopyImageSet',
      body: { destinationImageSet: { latestVersionId: '5' } },
    });
  });

  test('a copy in doubt is looked up again before a new decision, however stale the reads were', async () => {
    const holding = (...uids: string[]) => ({
      Study: { Series: { s: { Instances: Object.fromEntries(uids.map((uid) => [uid, {}])) } } },
    });
    const [before, now, asked] = [holding('1.1'), holding('1.1', '2.1'), holding('2.1')];
    aws.script({
      // Both are read unchanged, twice: AWS has applied the first request, but the reads are stale.
      GetImageSet: [free, free, free, free, imageSet('2', 'ACTIVE', 'COPIED')],
      CopyImageSet: ['drop', error('ConflictException', 409), copied],
      GetImageSetMetadata: [before, now, asked],
    });
    expect(await run()).toMatchObject({ destinationLatestVersionId: '2' });
    expect(aws.callsOf('CopyImageSet')).toHaveLength(2);
  });

  const hour = 3600;
  test.each([
    ['an update', imageSet('2', 'ACTIVE', 'UPDATED')],
    ['a copy of an hour ago', { ...imageSet('2', 'ACTIVE', 'COPIED'), updatedAt: now() - hour }],
  ])(
    'a copy in doubt that meets %s is decided anew, though all its instances are present',
    async (_, rival) => {
      const instances = (...uids: string[]) => ({
        Study: { Series: { s: { Instances: Object.fromEntries(uids.map((uid) => [uid, {}])) } } },
      });
      aws.script({
        GetImageSet: [free, free, free, rival, rival, free, rival, imageSet('3', 'ACTIVE', 'COPIED')],
        CopyImageSet: [
          'drop',
          stale,
          {
            ...copied,
            destinationImageSetProperties: { imageSetId: destinationImageSetId, latestVersionId: '3' },
          },
        ],
        GetImageSetMetadata: [instances('1.1'), instances('1.1', '2.1'), instances('2.1')],
      });
      expect(await run()).toMatchObject({ destinationLatestVersionId: '3' });
      expect(aws.callsOf('CopyImageSet')).toMatchObject([
        { body: { destinationImageSet: { latestVersionId: '1' } } },
        { body: { destinationImageSet: { latestVersionId: '1' } } },
        { body: { destinationImageSet: { latestVersionId: '2' } } },
      ]);
    },
  );

  describe('into a new image set, in doubt', () => {
    const made = 'c'.repeat(32);
    const instances = { Study: { Series: { s: { Instances: { '1.1': {} } } } } };
    const found = () => ({ imageSetsMetadataSummaries: [{ imageSetId: made, createdAt: now() + 1 }] });
    const nothing = { imageSetsMetadataSummaries: [] };
    const locked = imageSet('1', 'LOCKED', 'COPYING_WITH_READ_ONLY_ACCESS');
    const copy = () => run({ destinationImageSetId: undefined });

    test('is searched for once the copy has left the source free', async () => {
      aws.script({
        GetImageSet: [free, locked, imageSet('1', 'ACTIVE', 'COPIED')],
        CopyImageSet: ['drop'],
        SearchImageSets: [found()],
        GetImageSetMetadata: [instances],
      });
      expect(await copy()).toMatchObject({ destinationImageSetId: made });
      expect(aws.called().slice(0, 6)).toEqual([
        'GetImageSet',
        'CopyImageSet',
        'GetImageSet',
        'GetImageSet',
        'GetImageSetMetadata',
        'SearchImageSets',
      ]);
      expect(aws.callsOf('CopyImageSet')).toHaveLength(1);
    });

    test('is not made again if a search shows it only SEARCH_LAG after the source was unlocked', async () => {
      let freeAt = 0;
      const drop = () => {
        // Later than the time after which the run begins to look, so that its first search comes too early.
        freeAt = Date.now() + 5 * SEARCH_LAG_MS;
        return 'drop' as const;
      };
      aws.script({
        GetImageSet: [() => (Date.now() < freeAt ? locked : imageSet('1', 'ACTIVE', 'COPIED'))],
        CopyImageSet: [drop],
        SearchImageSets: [() => (Date.now() < freeAt + 0.9 * SEARCH_LAG_MS ? nothing : found())],
        GetImageSetMetadata: [instances],
      });
      expect(await copy()).toMatchObject({ destinationImageSetId: made });
      expect(aws.callsOf('CopyImageSet')).toHaveLength(1);
    });

    test('is made again if no search shows it', async () => {
      aws.script({
        GetImageSet: [free],
        // A new image set has the version 1.
        CopyImageSet: [
          'drop',
          { datastoreId, destinationImageSetProperties: { imageSetId: made, latestVersionId: '1' } },
        ],
        SearchImageSets: [nothing],
        GetImageSetMetadata: [instances],
      });
      await copy();
      expect(aws.callsOf('SearchImageSets').length).toBeGreaterThan(1);
      expect(aws.callsOf('CopyImageSet')).toHaveLength(2);
    });
  });

  test('an image set that does not exist fails at once, with the AWS error name', async () => {
    aws.script({ GetImageSet: [error('ResourceNotFoundException', 404, 'no such image set')] });
    expect(await failureOf(run())).toMatchObject({
      type: 'ResourceNotFoundException',
      message: expect.stringContaining('no such image set'),
      details: { step: 'getSourceImageSet', ids: { datastoreId, imageSetId: destinationImageSetId } },
    });
    expect(aws.called()).toEqual(['GetImageSet']);
  });

  test('passes on the optional members', async () => {
    aws.script({ GetImageSet: [free, free, imageSet('2', 'ACTIVE', 'COPIED')], CopyImageSet: [copied] });
    await run({ copiableAttributes: '{"SchemaVersion":"1.1"}', force: true, promoteToPrimary: true });
    expect(aws.calls[2]?.body).toMatchObject({
      sourceImageSet: { DICOMCopies: { copiableAttributes: '{"SchemaVersion":"1.1"}' } },
    });
    expect(aws.calls[2]?.query).toBe('force=true&promoteToPrimary=true');
  });
});

describe('onboardDatastoreAndImport', () => {
  const store = (datastoreStatus: string) => ({
    datastoreProperties: { datastoreId, datastoreName: 's', datastoreStatus },
  });
  const job = dicomJobReply;
  const folder = outputOf('j1');
  const manifest = (scanned: number, imported: number) => dicomOutput('j1', { scanned, imported });
  const script = (replies: Record<string, Reply[]>, objects: Record<string, StoredObject> = manifest(3, 3)) =>
    aws.script(
      {
        CreateDatastore: [{ datastoreId, datastoreStatus: 'CREATING' }],
        GetDatastore: [store('ACTIVE')],
        StartDICOMImportJob: [{ datastoreId, jobId: 'j1', jobStatus: 'SUBMITTED' }],
        GetDICOMImportJob: [job('COMPLETED')],
        ...replies,
      },
      objects,
    );
  const run = (input: object = {}) =>
    cluster.flows.execute('onboardDatastoreAndImport', { ...onboardInput, ...input });

  test('follows the document call by call', async () => {
    script({
      GetDatastore: [store('CREATING'), store('ACTIVE')],
      GetDICOMImportJob: [job('SUBMITTED'), job('IN_PROGRESS'), job('COMPLETED')],
    });
    expect(await run()).toEqual({
      datastoreId,
      jobId: 'j1',
      jobStatus: 'COMPLETED',
      outcome: 'complete',
      counts: { scanned: 3, imported: 3, customerErrors: 0, serverErrors: 0 },
      manifest: { uri: `${folder}/job-output-manifest.json`, state: 'read' },
      imageSetCounts: { total: 0, nonPrimary: 0 },
      imageSets: [],
      failures: { uri: `${folder}/FAILURE/`, byReason: {}, listed: [] },
      warnings: { uri: `${folder}/WARNING/`, byType: {}, listed: [] },
    });
    expect(aws.called()).toEqual([
      'CreateDatastore',
      'GetDatastore',
      'GetDatastore',
      'StartDICOMImportJob',
      'GetDICOMImportJob',
      'GetDICOMImportJob',
      'GetDICOMImportJob',
    ]);
  });

  test.each([
    ['CREATE_FAILED', 'DatastoreCreateFailed'],
    ['DELETING', 'DatastoreNotUsable'],
    ['DELETED', 'DatastoreNotUsable'],
  ])('a data store that is %s fails as %s, and nothing is started', async (status, type) => {
    script({ GetDatastore: [store('CREATING'), store(status)] });
    expect(await failureOf(run())).toMatchObject({
      type,
      details: {
        step: 'pollDatastore',
        status,
        ids: { datastoreId },
        left: [{ remove: `aws medical-imaging delete-datastore --datastore-id ${datastoreId}` }],
      },
    });
    expect(aws.called()).not.toContain('StartDICOMImportJob');
  });

  test("a FAILED job is a failure, with the job's message and the counts of its manifest", async () => {
    script({ GetDICOMImportJob: [job('FAILED', { message: 'FILE_COUNTS_LIMIT exceeded' })] }, manifest(3, 1));
    expect(await failureOf(run())).toMatchObject({
      type: 'ImportJobFailed',
      message: 'pollImportJob: the import job has failed',
      details: {
        awsMessage: 'FILE_COUNTS_LIMIT exceeded',
        step: 'pollImportJob',
        status: 'FAILED',
        ids: { jobId: 'j1' },
        counts: { scanned: 3, imported: 1 },
      },
    });
  });

  test('files that failed are in the result by reason, and by name only if requested', async () => {
    script({}, manifest(3, 1));
    const byReason = { ValidationException: 2 };
    expect(await run()).toMatchObject({ outcome: 'partial', failures: { byReason, listed: [] } });
    script({}, manifest(3, 1));
    expect(await run({ listFailedFiles: 1 })).toMatchObject({
      failures: {
        byReason,
        listed: [
          { file: 'in/0.dcm', reason: 'ValidationException', message: 'DICOM attributes does not exist' },
        ],
      },
    });
  });

  test('a list of failed files that S3 fails to return at first is read in the end', async () => {
    const objects: Record<string, StoredObject> = manifest(3, 1);
    for (const [uri, lines] of Object.entries(objects)) {
      if (uri.endsWith('.ndjson')) objects[uri] = [error('SlowDown', 503), ...[lines].flat()];
    }
    script({}, objects);
    const { failures } = await run();
    expect(failures).toMatchObject({ byReason: { ValidationException: 2 } });
    expect(failures).not.toHaveProperty('unreadable');
  });

  test('a job that imported none of the scanned files fails NothingImported, with the result in its details', async () => {
    script({}, manifest(2, 0));
    expect(await failureOf(run())).toMatchObject({
      type: 'NothingImported',
      details: { counts: { scanned: 2, imported: 0 }, result: { jobId: 'j1', outcome: 'none' } },
    });
  });

  test('onFileErrors: fail makes one failed file a failure; ignore reads nothing from S3', async () => {
    script({}, manifest(3, 2));
    expect(await failureOf(run({ onFileErrors: 'fail' }))).toMatchObject({
      type: 'FilesFailed',
      details: { counts: { imported: 2 }, result: { outcome: 'partial' } },
    });
    script({}, manifest(2, 0));
    expect(await run({ onFileErrors: 'ignore' })).toEqual({
      datastoreId,
      jobId: 'j1',
      jobStatus: 'COMPLETED',
      outcome: 'unknown',
    });
  });

  test.each([
    ['missing', {}, 'still missing'],
    ['unreadable', { [`${folder}/job-output-manifest.json`]: 'SECRET {' }, 'it is not JSON'],
    ['unreadable', { [`${folder}/job-output-manifest.json`]: '{}' }, 'no counters'],
    ['unreadable', { [`${folder}/job-output-manifest.json`]: error('AccessDenied', 403) }, 'AccessDenied'],
    ['unreadable', { [`${folder}/job-output-manifest.json`]: error('NoSuchBucket', 404) }, 'NoSuchBucket'],
  ])('a manifest that is %s makes the outcome unknown, and says why', async (state, objects, reason) => {
    script({}, objects);
    expect(await run()).toMatchObject({
      jobStatus: 'COMPLETED',
      outcome: 'unknown',
      manifest: { state, reason: expect.stringContaining(reason) },
    });
  });

  test('a manifest that is late is waited for if the role may not see that it is missing', async () => {
    const uri = `${folder}/job-output-manifest.json`;
    script({}, { [uri]: [error('AccessDenied', 403), manifest(3, 3)[uri] ?? ''] });
    expect(await run()).toMatchObject({ outcome: 'complete', manifest: { state: 'read' } });
  });

  test('a job without a name gets one, and tokens of this run; those of the input are passed on', async () => {
    script({});
    const handle = await cluster.flows.start('onboardDatastoreAndImport', {
      ...onboardInput,
      tags: { team: 'imaging' },
    });
    await handle.result();
    const { runId } = await handle.describe();
    expect(aws.bodyOf('CreateDatastore')).toEqual({
      datastoreName: 'store',
      clientToken: `${runId}-createDatastore`,
      tags: { team: 'imaging', 'aws-health-workflows:run': runId },
    });
    expect(aws.bodyOf('StartDICOMImportJob')).toEqual({
      dataAccessRoleArn: onboardInput.dataAccessRoleArn,
      inputS3Uri: onboardInput.inputS3Uri,
      outputS3Uri: onboardInput.outputS3Uri,
      clientToken: `${runId}-startImportJob`,
      // The prefix of the flow's name that fits into 64 characters with the run's id.
      jobName: `onboard-datastore-and-impor-${runId}`,
    });
  });

  test('passes on the optional members', async () => {
    script({});
    const store = {
      kmsKeyArn: 'arn:aws:kms:us-east-1:123456789012:alias/key',
      lambdaAuthorizerArn: 'arn:aws:lambda:us-east-1:123456789012:function:f',
      losslessStorageFormat: 'HTJ2K',
    };
    const job = { jobName: 'named', inputOwnerAccountId: '123456789012' };
    await run({ ...store, ...job, datastoreClientToken: 'mine', importClientToken: 'ours' });
    expect(aws.bodyOf('CreateDatastore')).toMatchObject({ ...store, clientToken: 'mine' });
    expect(aws.bodyOf('StartDICOMImportJob')).toMatchObject({ ...job, clientToken: 'ours' });
  });

  test('with jobId starts nothing and waits for that job', async () => {
    script({});
    expect(await run({ datastoreId, jobId: 'j1' })).toMatchObject({ jobId: 'j1', outcome: 'complete' });
    expect(aws.called()).toEqual(['GetDICOMImportJob']);
  });

  test('a job that ends too late fails WaitTimedOut, and says how to continue waiting', async () => {
    script({ GetDICOMImportJob: [job('IN_PROGRESS')] });
    const failure = await failureOf(run({ polling: { ...onboardInput.polling, timeout: 200 } }));
    expect(failure).toMatchObject({
      type: 'WaitTimedOut',
      details: { step: 'pollImportJob', ids: { jobId: 'j1' } },
    });
    expect(failure.message).toContain('start again with the id of this job (j1)');
  });

  test('a quota on concurrent jobs (too many jobs) is waited out; one on data stores is not', async () => {
    script({
      StartDICOMImportJob: [
        error('ServiceQuotaExceededException', 402),
        { datastoreId, jobId: 'j1', jobStatus: 'SUBMITTED' },
      ],
    });
    expect(await run()).toMatchObject({ jobId: 'j1' });
    script({ CreateDatastore: [error('ServiceQuotaExceededException', 402)] });
    expect(await failureOf(run())).toMatchObject({
      type: 'ServiceQuotaExceededException',
      details: { step: 'createDatastore' },
    });
  });

  test("an older job that a user's token has returned is reported", async () => {
    script({ GetDICOMImportJob: [job('COMPLETED', { submittedAt: now() - 3600 })] });
    expect(await run({ importClientToken: 'mine' })).toMatchObject({ reusedJob: true });
  });
});

describe('startImportAndWaitCompleted', () => {
  const progress = { TotalNumberOfResourcesScanned: 9, TotalNumberOfResourcesImported: 4 };
  const job = (status: string, more: object = {}) =>
    fhirImportReply(status, {
      JobOutputDataConfig: { S3Configuration: { S3Uri: 's3://bucket/out/', KmsKeyId: 'alias/key' } },
      JobProgressReport: progress,
      ...more,
    });
  const folder = `s3://bucket/out/${datastoreId}-FHIR_IMPORT-j1`;
  const manifest = (name: string) => ({
    [`${folder}/${name}`]: JSON.stringify({
      numberOfResourcesScanned: 9,
      numberOfResourcesImportedSuccessfully: 7,
      numberOfResourcesWithCustomerError: 2,
      numberOfResourcesWithServerError: 0,
    }),
    [`${folder}/FAILURE/Patient.ndjson`]: [
      '{"lineId":3,"UpdateResourceResponse":{"jsonBlob":{"resourceType":"OperationOutcome","issue":[{"code":"required","diagnostics":"Missing required id field"}]},"statusCode":400}}',
      // The line is from AWS's guide, and is not JSON.
      '{"lineId":3, UpdateResourceResponse:{"jsonBlob":',
    ].join('\n'),
  });
  const script = (
    replies: Record<string, Reply[]>,
    objects: Record<string, string> = manifest('manifest.json'),
  ) =>
    aws.script(
      { StartFHIRImportJob: [{ JobId: 'j1', JobStatus: 'SUBMITTED', DatastoreId: datastoreId }], ...replies },
      objects,
    );
  const run = (input: object = {}) =>
    cluster.flows.execute('startImportAndWaitCompleted', { ...fhirInput, ...input });

  test('follows the document call by call, and returns the outcome in resources', async () => {
    script({ DescribeFHIRImportJob: [job('SUBMITTED'), job('IN_PROGRESS'), job('COMPLETED')] });
    expect(await run({ listFailedFiles: 5 })).toMatchObject({
      jobId: 'j1',
      jobStatus: 'COMPLETED',
      importJobProperties: { JobId: 'j1', DatastoreId: datastoreId },
      progress,
      outcome: 'partial',
      counts: { scanned: 9, imported: 7, customerErrors: 2, serverErrors: 0 },
      failures: {
        byReason: { required: 1, Unknown: 1 },
        listed: [
          { file: 'Patient.ndjson', line: 3, reason: 'required', message: 'Missing required id field' },
          { file: 'Patient.ndjson', reason: 'Unknown' },
        ],
      },
    });
    expect(aws.called()).toEqual([
      'StartFHIRImportJob',
      ...Array.from({ length: 3 }, () => 'DescribeFHIRImportJob'),
    ]);
    expect(aws.calls[0]?.body).toMatchObject({
      InputDataConfig: { S3Uri: fhirInput.InputS3Uri },
      JobOutputDataConfig: { S3Configuration: { S3Uri: fhirInput.OutputS3Uri, KmsKeyId: 'alias/key' } },
      DatastoreId: datastoreId,
      DataAccessRoleArn: fhirInput.DataAccessRoleArn,
    });
  });

  test.each([
    ['the input says so', fhirInput, { outcome: 'partial', manifest: { state: 'read' } }],
    [
      'nobody says so',
      { DatastoreId: datastoreId, JobId: 'j1' },
      {
        outcome: 'unknown',
        manifest: { state: 'unreadable', reason: expect.stringContaining('neither the job') },
      },
    ],
  ])('a job without the location of its output: %s', async (_, input, result) => {
    script({ DescribeFHIRImportJob: [job('COMPLETED', { JobOutputDataConfig: undefined })] });
    expect(await cluster.flows.execute('startImportAndWaitCompleted', input)).toMatchObject(result);
  });

  test('QUEUED is waited out', async () => {
    script({ DescribeFHIRImportJob: [job('QUEUED'), job('QUEUED'), job('QUEUED'), job('COMPLETED')] });
    expect(await run()).toMatchObject({ jobStatus: 'COMPLETED' });
  });

  test('COMPLETED_WITH_ERRORS is a result, marked as such', async () => {
    script({ DescribeFHIRImportJob: [job('COMPLETED_WITH_ERRORS')] });
    expect(await run()).toMatchObject({ jobStatus: 'COMPLETED_WITH_ERRORS', outcome: 'partial' });
  });

  test.each(['FAILED', 'CANCEL_SUBMITTED', 'CANCEL_IN_PROGRESS', 'CANCEL_COMPLETED', 'CANCEL_FAILED'])(
    '%s is a failure, with message and counters',
    async (status) => {
      script({
        DescribeFHIRImportJob: [job('IN_PROGRESS'), job(status, { Message: 'The role cannot be assumed' })],
      });
      expect(await failureOf(run())).toMatchObject({
        type: 'ImportJobFailed',
        details: {
          status,
          counts: { scanned: 9, imported: 7 },
          awsMessage: 'The role cannot be assumed',
        },
      });
    },
  );

  test('a job that failed without a manifest has the counters of the service', async () => {
    script({ DescribeFHIRImportJob: [job('FAILED')] }, {});
    expect(await failureOf(run())).toMatchObject({
      type: 'ImportJobFailed',
      details: { counts: { scanned: 9, imported: 4 } },
    });
  });

  test('the manifest of 2021 is found under its old name', async () => {
    script({ DescribeFHIRImportJob: [job('COMPLETED')] }, manifest('Manifest.json'));
    expect(await run()).toMatchObject({ counts: { scanned: 9 } });
  });

  test('a status that AWS adds in future is still going', async () => {
    script({ DescribeFHIRImportJob: [job('PAUSED_FOR_THE_NIGHT'), job('COMPLETED')] });
    expect(await run()).toMatchObject({ jobStatus: 'COMPLETED' });
  });
});
