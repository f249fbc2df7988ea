import { existsSync, readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import {
  activeFhirDatastore,
  exportReached,
  importReached,
  startFhirExport,
  startFhirImport,
  type FhirImport,
} from './fhir-harness.ts';
import { localAws, putFiles, until, type LocalAwsUnderTest } from './harness.ts';
import { readLines, readObject } from './imaging-harness.ts';

const patient = (id: string) => JSON.stringify({ resourceType: 'Patient', id });

describe('a FHIR import', () => {
  let aws: LocalAwsUnderTest;
  let DatastoreId: string;
  beforeAll(async () => (aws = await localAws()));
  afterAll(() => aws.close());
  beforeEach(async () => {
    DatastoreId = await activeFhirDatastore(aws);
    await putFiles(aws.data, 'input', { 'good/patients.ndjson': `${patient('1')}\n${patient('2')}\n` });
  });
  afterEach(async () => {
    await aws.control.resetFaults();
    await aws.control.settings({ fhirImportMs: 0, fhirImportQueueLength: 25, manifestLagMs: 0 });
  });

  const start = (S3Uri = 's3://input/good/', more: Omit<FhirImport, 'DatastoreId' | 'S3Uri'> = {}) =>
    startFhirImport(aws, { DatastoreId, S3Uri, ...more });
  const reached = (JobId: string, status: string) => importReached(aws, { DatastoreId, JobId }, status);

  test('tells line by line what it could not take', async () => {
    const lines = [
      patient('1'),
      '{"resourceType":"Patient"}',
      '{"resourceType":"Patiend","id":"3"}',
      'not JSON, but Doe',
      '[]',
      '{"id":"6"}',
      '{"resourceType":"Patient","id":"not/valid"}',
    ];
    await putFiles(aws.data, 'input', { 'mixed/a.ndjson': lines.join('\n'), 'mixed/b.ndjson': patient('b') });
    const JobId = await start('s3://input/mixed/', { JobName: 'mixed' });
    const job = await reached(JobId, 'COMPLETED_WITH_ERRORS');
    const folder = `s3://results/fhir/${DatastoreId}-FHIR_IMPORT-${JobId}/`;
    expect(job).toMatchObject({
      JobName: 'mixed',
      ValidationLevel: 'strict',
      InputDataConfig: { S3Uri: 's3://input/mixed/' },
      JobOutputDataConfig: { S3Configuration: { S3Uri: folder } },
      JobProgressReport: {
        TotalNumberOfScannedFiles: 2,
        TotalNumberOfImportedFiles: 2,
        TotalNumberOfResourcesScanned: 8,
        TotalNumberOfResourcesImported: 2,
        TotalNumberOfResourcesWithCustomerError: 6,
        TotalNumberOfFilesReadWithCustomerError: 0,
      },
    });
    expect(JSON.parse(await readObject(aws, `${folder}manifest.json`))).toMatchObject({
      inputDataConfig: { s3Uri: 's3://input/mixed/' },
      outputDataConfig: { s3Uri: folder, encryptionKeyID: 'arn:aws:kms:us-east-1:123456789012:key/1' },
      successOutput: { successOutputS3Uri: `${folder}SUCCESS/` },
      failureOutput: { failureOutputS3Uri: `${folder}FAILURE/` },
      numberOfScannedFiles: 2,
      numberOfFilesImported: 2,
      numberOfResourcesScanned: 8,
      numberOfResourcesImportedSuccessfully: 2,
      numberOfResourcesWithCustomerError: 6,
      numberOfResourcesWithServerError: 0,
    });
    const failures = await readLines(aws, `${folder}FAILURE/a.ndjson`);
    expect(failures[0]).toEqual({
      lineId: 2,
      UpdateResourceResponse: {
        jsonBlob: {
          resourceType: 'OperationOutcome',
          issue: [
            {
              severity: 'error',
              code: 'processing',
              diagnostics: 'Missing required id field in resource json',
            },
          ],
        },
        statusCode: 400,
      },
    });
    expect(failures).toHaveLength(6);
    expect(JSON.stringify(failures)).not.toContain('Doe');
    await expect(readObject(aws, `${folder}FAILURE/b.ndjson`)).rejects.toMatchObject({ name: 'NoSuchKey' });
  });

  test('has a line for each failure, though files of two folders have one name', async () => {
    const bad = '{"resourceType":"Patient"}\n';
    await putFiles(aws.data, 'input', { 'days/1/Patient.ndjson': bad, 'days/2/Patient.ndjson': bad });
    const JobId = await start('s3://input/days/');
    await reached(JobId, 'COMPLETED_WITH_ERRORS');
    const folder = `s3://results/fhir/${DatastoreId}-FHIR_IMPORT-${JobId}/`;
    expect(await readLines(aws, `${folder}FAILURE/Patient.ndjson`)).toHaveLength(2);
  });

  // TotalNumberOfFilesReadWithCustomerError: files that could not be read. (HealthLake API reference, JobProgressReport.)
  test('counts files that it cannot read, none of whose lines it has scanned', async () => {
    await putFiles(aws.data, 'input', {
      'unreadable/a.ndjson': patient('a'),
      'unreadable/b.ndjson': readFileSync(join(import.meta.dirname, 'files/latin1.ndjson')),
      'unreadable/c.ndjson.gz': gzipSync(patient('c')),
      'unreadable/d.json': patient('d'),
    });
    const JobId = await start('s3://input/unreadable/');
    expect(await reached(JobId, 'COMPLETED_WITH_ERRORS')).toMatchObject({
      JobProgressReport: {
        TotalNumberOfScannedFiles: 4,
        TotalNumberOfImportedFiles: 1,
        TotalNumberOfResourcesScanned: 1,
        TotalNumberOfResourcesImported: 1,
        TotalNumberOfFilesReadWithCustomerError: 3,
      },
    });
  });

  test.each([
    ['its outputs cannot all be written', 'manifest.json/x'],
    ['it is told to', undefined],
  ])('that fails since %s leaves nothing behind', async (_what, inTheWay) => {
    if (!inTheWay) await aws.control.failOutcome({ operation: 'StartFHIRImportJob' });
    await aws.control.settings({ fhirImportMs: 'never' });
    const JobId = await start();
    await reached(JobId, 'IN_PROGRESS');
    const Prefix = `fhir/${DatastoreId}-FHIR_IMPORT-${JobId}/`;
    if (inTheWay) {
      // The manifest cannot lie in its folder, and not in the one for keys that cannot be paths either.
      await putFiles(aws.data, 'results', { [Prefix + inTheWay]: 'an object whose folder is in the way' });
      await writeFile(join(aws.data, 's3-odd'), '');
    }
    await aws.control.settle({ kind: 'fhirImportJob', id: JobId });
    await reached(JobId, 'FAILED');
    await rm(join(aws.data, 's3-odd'), { force: true });
    const exported = await startFhirExport(aws, { DatastoreId, S3Uri: `s3://${DatastoreId}/` });
    await exportReached(aws, { DatastoreId, JobId: exported }, 'COMPLETED');
    // A bucket is there once something is written to it.
    expect(existsSync(join(aws.data, 's3', DatastoreId))).toBe(false);
    const { Contents: outputs = [] } = await aws.s3.listObjectsV2({ Bucket: 'results', Prefix });
    expect(outputs).toEqual([]);
  });

  // HealthLake developer guide, quotas; "Troubleshooting": the job is FAILED, and has a message.
  test.each([
    ['files', { maxFilesPerFhirImport: 1 }, 'the quota of 1 files'],
    ['gigabytes in a file', { maxFhirFileGB: 1e-9 }, 'GB in a file'],
    ['gigabytes', { maxFhirImportGB: 1e-9 }, 'GB in all files'],
  ])('of more %s than the quota allows is FAILED', async (_what, quota, message) => {
    await putFiles(aws.data, 'input', { 'two/a.ndjson': patient('a'), 'two/b.ndjson': patient('b') });
    await aws.control.settings(quota);
    const JobId = await start('s3://input/two/');
    expect(await reached(JobId, 'FAILED')).toMatchObject({ Message: expect.stringContaining(message) });
    await aws.control.settings({ maxFilesPerFhirImport: 1e6, maxFhirFileGB: 50, maxFhirImportGB: 5000 });
  });

  test('runs alone: the others are QUEUED and come in their order', async () => {
    await aws.control.settings({ fhirImportMs: 'never' });
    const [first, second, third] = [await start(), await start(), await start()];
    await reached(first, 'IN_PROGRESS');
    await reached(second, 'QUEUED');
    await aws.control.settle({ kind: 'fhirImportJob', id: first });
    await reached(first, 'COMPLETED');
    await reached(second, 'IN_PROGRESS');
    await reached(third, 'QUEUED');
    await aws.control.arrange({
      kind: 'fhirImportJob',
      id: second,
      patch: { status: 'CANCEL_COMPLETED' },
    });
    await reached(third, 'IN_PROGRESS');
  });

  test('is refused when the queue is full', async () => {
    await aws.control.settings({ fhirImportMs: 'never', fhirImportQueueLength: 1 });
    await start();
    await start();
    await expect(start()).rejects.toMatchObject({ name: 'ThrottlingException' });
  });

  test('is started once per token', async () => {
    const ClientToken = 'token-1';
    const JobId = await start('s3://input/good/', { ClientToken });
    expect(await start('s3://input/good/', { ClientToken })).toBe(JobId);
    await expect(start('s3://input/other/', { ClientToken })).rejects.toMatchObject({
      name: 'ValidationException',
    });
  });

  test('is found by its name and its status', async () => {
    const JobId = await start('s3://input/good/', { JobName: 'wanted' });
    await start('s3://input/good/', { JobName: 'other' });
    await reached(JobId, 'COMPLETED');
    const { ImportJobPropertiesList } = await aws.healthlake.listFHIRImportJobs({
      DatastoreId,
      JobName: 'wanted',
      JobStatus: 'COMPLETED',
    });
    expect(ImportJobPropertiesList).toMatchObject([{ JobId }]);
  });

  test('fails as told, with a message', async () => {
    await aws.control.failOutcome({ operation: 'StartFHIRImportJob', message: 'told to' });
    const JobId = await start();
    expect(await reached(JobId, 'FAILED')).toMatchObject({ Message: 'told to', EndTime: expect.any(Date) });
  });

  test('can end before its manifest is there', async () => {
    await aws.control.settings({ manifestLagMs: 'never' });
    const JobId = await start();
    const job = await reached(JobId, 'COMPLETED');
    const manifest = `${job?.JobOutputDataConfig?.S3Configuration?.S3Uri}manifest.json`;
    await expect(readObject(aws, manifest)).rejects.toMatchObject({ name: 'NoSuchKey' });
    await aws.control.settle({ kind: 'fhirImportJob', id: JobId });
    await until(() => readObject(aws, manifest).catch(() => ''), Boolean);
  });

  test('needs a data store that is ACTIVE', async () => {
    await aws.control.settings({ fhirDatastoreCreateMs: 'never' });
    const created = await aws.healthlake.createFHIRDatastore({ DatastoreTypeVersion: 'R4' });
    DatastoreId = created.DatastoreId ?? '';
    await expect(start()).rejects.toMatchObject({ name: 'ValidationException' });
    await aws.control.settings({ fhirDatastoreCreateMs: 0 });
  });

  test('of a data store whose creation fails says why', async () => {
    await aws.control.failOutcome({ operation: 'CreateFHIRDatastore', message: 'told to' });
    const created = await aws.healthlake.createFHIRDatastore({ DatastoreTypeVersion: 'R4' });
    const { DatastoreProperties } = await aws.healthlake.describeFHIRDatastore({
      DatastoreId: created.DatastoreId,
    });
    expect(DatastoreProperties).toMatchObject({
      DatastoreStatus: 'CREATE_FAILED',
      ErrorCause: { ErrorMessage: 'told to', ErrorCategory: 'NON_RETRYABLE_ERROR' },
    });
  });
});
