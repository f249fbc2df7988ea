import { localAws, p10, putFiles, until, type LocalAwsUnderTest } from './harness.ts';
import { activeDatastore, importAll, startImport } from './imaging-harness.ts';

describe('faults on demand', () => {
  let aws: LocalAwsUnderTest;
  beforeEach(async () => (aws = await localAws()));
  afterEach(() => aws.close());

  const names = async () => {
    const { datastoreSummaries = [] } = await aws.imaging.listDatastores({});
    return datastoreSummaries.map(({ datastoreName }) => datastoreName);
  };

  test('fail the next calls with an error and its details, then no more', async () => {
    await aws.control.failNext({
      operation: 'CreateDatastore',
      error: 'ThrottlingException',
      message: 'slow down',
      retryAfterSeconds: 7,
      count: 2,
    });
    for (let i = 0; i < 2; i++) {
      await expect(aws.imaging.createDatastore({ datastoreName: 'a' })).rejects.toMatchObject({
        name: 'ThrottlingException',
        message: 'slow down',
        $metadata: { httpStatusCode: 429 },
        $response: { headers: { 'retry-after': '7' } },
      });
    }
    expect(await names()).toEqual([]);
    await aws.imaging.createDatastore({ datastoreName: 'a' });
    expect(await names()).toEqual(['a']);
  });

  test.each([
    ['ExpiredTokenException', 403, 400],
    ['ServiceUnavailableException', 503, 503],
    ['NobodyKnowsThisException', 400, 400],
  ])('fail with %s, which no model lists', async (error, imagingStatus, healthlakeStatus) => {
    await aws.control.failNext({ operation: 'ListDatastores', error });
    await aws.control.failNext({ operation: 'ListFHIRDatastores', error });
    const thrown = (httpStatusCode: number) => ({ name: error, $metadata: { httpStatusCode } });
    await expect(aws.imaging.listDatastores({})).rejects.toMatchObject(thrown(imagingStatus));
    await expect(aws.healthlake.listFHIRDatastores({})).rejects.toMatchObject(thrown(healthlakeStatus));
  });

  test('work on S3 too', async () => {
    await putFiles(aws.data, 'bucket', { key: 'text' });
    await aws.control.failNext({ operation: 'GetObject', error: 'SlowDown' });
    await expect(aws.s3.getObject({ Bucket: 'bucket', Key: 'key' })).rejects.toMatchObject({
      name: 'SlowDown',
      $metadata: { httpStatusCode: 503 },
    });
  });

  test('drop the connection before the call takes effect, or after', async () => {
    await aws.control.dropConnection({ operation: 'CreateDatastore', when: 'before' });
    await expect(aws.imaging.createDatastore({ datastoreName: 'before' })).rejects.toThrow(/socket|ECONN/);
    expect(await names()).toEqual([]);
    await aws.control.dropConnection({ operation: 'CreateDatastore', when: 'after' });
    await expect(aws.imaging.createDatastore({ datastoreName: 'after' })).rejects.toThrow(/socket|ECONN/);
    expect(await names()).toEqual(['after']);
    const calls = await aws.control.calls({ operation: 'CreateDatastore' });
    expect(calls.map(({ outcome }) => outcome)).toEqual(['dropped', 'dropped']);
  });

  test('cut an answer, or put another in its place, when the call has taken effect', async () => {
    await aws.control.cutReply({ operation: 'CreateDatastore' });
    await expect(aws.imaging.createDatastore({ datastoreName: 'cut' })).rejects.toThrow('aborted');
    await aws.control.garbleReply({ operation: 'CreateDatastore' });
    await expect(aws.imaging.createDatastore({ datastoreName: 'garbled' })).rejects.toMatchObject({
      name: 'SyntaxError',
      $response: { statusCode: 200, headers: { 'content-type': 'text/html' } },
    });
    expect(new Set(await names())).toEqual(new Set(['cut', 'garbled']));
    const calls = await aws.control.calls({ operation: 'CreateDatastore' });
    expect(calls.map(({ outcome }) => outcome)).toEqual(['cut', 'garbled']);
  });

  test('cut an answer that has no body', async () => {
    await aws.control.cutReply({ operation: 'PutObject' });
    const put = () => aws.s3.putObject({ Bucket: 'bucket', Key: 'key', Body: 'text' });
    await expect(put()).rejects.toThrow('aborted');
    await expect(put()).resolves.toMatchObject({ ETag: expect.any(String) });
  });

  test.each(['before', 'after'] as const)('hold a call %s its effect until released', async (when) => {
    await aws.control.hold({ operation: 'CreateDatastore', when });
    const creating = aws.imaging.createDatastore({ datastoreName: 'held' });
    await aws.control.waitForCall({ operation: 'CreateDatastore', outcome: 'held' });
    expect(await names()).toEqual(when === 'before' ? [] : ['held']);
    await aws.control.release();
    await expect(creating).resolves.toMatchObject({ datastoreStatus: 'CREATING' });
    expect(await names()).toEqual(['held']);
  });

  test('delay a call', async () => {
    await aws.control.delay({ operation: 'ListDatastores', ms: 500 });
    const order: string[] = [];
    const delayed = aws.imaging.listDatastores({}).then(() => order.push('delayed'));
    await aws.control.waitForCall({ operation: 'ListDatastores' });
    await aws.imaging.listDatastores({}).then(() => order.push('next'));
    await delayed;
    expect(order).toEqual(['next', 'delayed']);
  });

  test('let what a call starts end badly', async () => {
    await aws.control.failOutcome({ operation: 'CreateDatastore' });
    const { datastoreId = '' } = await aws.imaging.createDatastore({});
    await until(
      () => aws.imaging.getDatastore({ datastoreId }),
      ({ datastoreProperties }) => datastoreProperties?.datastoreStatus === 'CREATE_FAILED',
    );
    await aws.control.failOutcome({ operation: 'StartDICOMImportJob', message: 'told to' });
    const job = await importAll(aws, { datastoreId: await activeDatastore(aws), inputS3Uri: 's3://input/' });
    expect(job).toMatchObject({ jobStatus: 'FAILED', message: 'told to', endedAt: expect.any(Date) });
  });

  test('keep an import from ending, and its manifest from being there', async () => {
    const datastoreId = await activeDatastore(aws);
    await putFiles(aws.data, 'input', { 'a.dcm': p10({ series: '1.1', instance: '1.1.1' }) });
    await aws.control.settings({ dicomImportMs: 'never', manifestLagMs: 'never' });
    const { jobId = '' } = await startImport(aws, { datastoreId, inputS3Uri: 's3://input/' });
    const read = async () => (await aws.imaging.getDICOMImportJob({ datastoreId, jobId })).jobProperties;
    await until(read, (job) => job?.jobStatus === 'IN_PROGRESS');
    await aws.control.settle({ kind: 'dicomImportJob', id: jobId });
    await until(read, (job) => job?.jobStatus === 'COMPLETED');
    const { KeyCount } = await aws.s3.listObjectsV2({ Bucket: 'input' });
    expect(KeyCount).toBe(1);
    await expect(aws.s3.listObjectsV2({ Bucket: 'results' })).rejects.toMatchObject({ name: 'NoSuchBucket' });
    await aws.control.settle({ kind: 'dicomImportJob', id: jobId });
    await until(
      () => aws.s3.listObjectsV2({ Bucket: 'results' }).catch(() => undefined),
      (list) => list?.Contents?.some(({ Key }) => Key?.endsWith('/job-output-manifest.json')) ?? false,
    );
  });

  test('end at once all that is going on', async () => {
    await aws.control.settings({ datastoreCreateMs: 'never', fhirDatastoreCreateMs: 'never' });
    const { datastoreId } = await aws.imaging.createDatastore({});
    const { DatastoreId } = await aws.healthlake.createFHIRDatastore({ DatastoreTypeVersion: 'R4' });
    await aws.control.settleAll();
    const { datastoreProperties } = await aws.imaging.getDatastore({ datastoreId });
    expect(datastoreProperties?.datastoreStatus).toBe('ACTIVE');
    const { DatastoreProperties } = await aws.healthlake.describeFHIRDatastore({ DatastoreId });
    expect(DatastoreProperties?.DatastoreStatus).toBe('ACTIVE');
  });

  test('put a job into a state of which nobody knows', async () => {
    const datastoreId = await activeDatastore(aws);
    const { jobId = '' } = await startImport(aws, { datastoreId, inputS3Uri: 's3://input/' });
    await aws.control.arrange({ kind: 'dicomImportJob', id: jobId, patch: { status: 'PONDERING' } });
    const { jobProperties } = await aws.imaging.getDICOMImportJob({ datastoreId, jobId });
    expect(jobProperties?.jobStatus).toBe('PONDERING');
  });

  test('are refused by one clear line when they make no sense', async () => {
    const { control } = aws;
    const unknown = { operation: 'MakeCoffee' as 'GetObject', error: 'X' };
    await expect(control.failNext(unknown)).rejects.toThrow('there is no operation "MakeCoffee"');
    await expect(control.settle({ kind: 'imageSet', id: 'x' })).rejects.toThrow('there is no imageSet x');
    await expect(control.settings({ copyMs: -1 })).rejects.toThrow('copyMs must be a number of milliseconds');
    const response = await fetch(`${aws.endpoint}/_local/coffee`, { method: 'POST' });
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ message: expect.stringContaining('failNext') });
  });
});

describe('the log of calls', () => {
  let aws: LocalAwsUnderTest;
  beforeAll(async () => (aws = await localAws()));
  afterAll(() => aws.close());

  test('has who was called, the ids and the outcome, and nothing of a patient', async () => {
    const datastoreId = await activeDatastore(aws);
    const clientToken = 'token-1';
    const { jobId } = await startImport(aws, { datastoreId, inputS3Uri: 's3://input/', clientToken });
    await aws.imaging.searchImageSets({
      datastoreId,
      searchCriteria: { filters: [{ operator: 'EQUAL', values: [{ DICOMPatientId: 'Doe' }] }] },
    });
    await expect(aws.imaging.getDICOMImportJob({ datastoreId, jobId: 'none' })).rejects.toThrow('not found');
    expect(await aws.control.calls({ operation: 'StartDICOMImportJob' })).toEqual([
      {
        number: expect.any(Number),
        service: 'medical-imaging',
        operation: 'StartDICOMImportJob',
        time: expect.any(Number),
        ids: { datastoreId, clientToken, jobId },
        outcome: 'ok',
      },
    ]);
    expect(await aws.control.calls({ operation: 'GetDICOMImportJob' })).toMatchObject([
      { outcome: 'ResourceNotFoundException' },
    ]);
    expect(JSON.stringify(await aws.control.calls())).not.toContain('Doe');
    expect(await aws.control.jobs()).toEqual({ dicomImport: 1, fhirImport: 0, fhirExport: 0 });
  });
});
