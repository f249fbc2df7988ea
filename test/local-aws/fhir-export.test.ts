import {
  activeFhirDatastore,
  exportReached,
  importReached,
  startFhirExport,
  startFhirImport,
} from './fhir-harness.ts';
import { localAws, putFiles, until, type LocalAwsUnderTest } from './harness.ts';
import { readObject } from './imaging-harness.ts';

/** Its decimal would lose its last digit if it were parsed and written again. */
const observation =
  '{"resourceType":"Observation","id":"o1","status":"final","code":{"text":"x"},"valueQuantity":{"value":1.50}}';
const patient = (id: string, gender: string) => JSON.stringify({ resourceType: 'Patient', id, gender });

describe('a FHIR export', () => {
  let aws: LocalAwsUnderTest;
  let DatastoreId: string;
  beforeAll(async () => (aws = await localAws()));
  afterAll(() => aws.close());
  beforeEach(async () => (DatastoreId = await activeFhirDatastore(aws)));
  afterEach(async () => {
    await aws.control.resetFaults();
    await aws.control.settings({ fhirExportMs: 0, fhirExportQueueLength: 25, manifestLagMs: 0 });
  });

  const start = (more: { JobName?: string; ClientToken?: string; S3Uri?: string } = {}) =>
    startFhirExport(aws, { DatastoreId, ...more });
  const reached = (JobId: string, status: string) => exportReached(aws, { DatastoreId, JobId }, status);

  async function importAll(files: Readonly<Record<string, string>>) {
    const folder = `${DatastoreId}-${Object.keys(files).join('-')}`;
    for (const [name, content] of Object.entries(files)) {
      await putFiles(aws.data, 'input', { [`${folder}/${name}`]: content });
    }
    const JobId = await startFhirImport(aws, { DatastoreId, S3Uri: `s3://input/${folder}/` });
    await until(
      () => aws.healthlake.describeFHIRImportJob({ DatastoreId, JobId }),
      ({ ImportJobProperties }) => ImportJobProperties?.EndTime !== undefined,
    );
  }

  /** What an export has written, by name within its folder. */
  async function exported(JobId: string): Promise<Record<string, string>> {
    const Prefix = `export/${DatastoreId}-FHIR_EXPORT-${JobId}/`;
    const { Contents = [] } = await aws.s3.listObjectsV2({ Bucket: 'results', Prefix });
    const files = Contents.map(async ({ Key = '' }) => [
      Key.slice(Prefix.length),
      await readObject(aws, `s3://results/${Key}`),
    ]);
    return Object.fromEntries(await Promise.all(files));
  }

  test('gives back, by type, what was imported; of one type and id the last', async () => {
    await importAll({ 'a.ndjson': `${patient('p1', 'female')}\n${observation}\nnot JSON` });
    await importAll({ 'b.ndjson': `${patient('p2', 'male')}\n${patient('p1', 'other')}\n` });
    const JobId = await start({ JobName: 'nightly' });
    expect(await reached(JobId, 'COMPLETED')).toMatchObject({
      JobName: 'nightly',
      DatastoreId,
      SubmitTime: expect.any(Date),
      EndTime: expect.any(Date),
      OutputDataConfig: {
        S3Configuration: { S3Uri: `s3://results/export/${DatastoreId}-FHIR_EXPORT-${JobId}/` },
      },
      DataAccessRoleArn: expect.any(String),
    });
    const { 'Patient/Patient-1-1-1.ndjson': patients = '', ...others } = await exported(JobId);
    expect(new Set(patients.trimEnd().split('\n'))).toEqual(
      new Set([patient('p1', 'other'), patient('p2', 'male')]),
    );
    expect(others).toEqual({ 'Observation/Observation-1-1-1.ndjson': `${observation}\n` });
  });

  test('has nothing of another data store', async () => {
    await importAll({ 'a.ndjson': patient('p1', 'female') });
    DatastoreId = await activeFhirDatastore(aws);
    const JobId = await start();
    await reached(JobId, 'COMPLETED');
    expect(await exported(JobId)).toEqual({});
  });

  test('runs beside an import, but alone among exports: the others come in their order', async () => {
    await aws.control.settings({ fhirExportMs: 'never' });
    const [first, second, third] = [await start(), await start(), await start()];
    await reached(first, 'IN_PROGRESS');
    await reached(second, 'QUEUED');
    await importAll({ 'a.ndjson': patient('p1', 'female') });
    await aws.control.settle({ kind: 'fhirExportJob', id: first });
    await reached(first, 'COMPLETED');
    await reached(second, 'IN_PROGRESS');
    await reached(third, 'QUEUED');
    await aws.control.arrange({ kind: 'fhirExportJob', id: second, patch: { status: 'CANCEL_COMPLETED' } });
    await reached(third, 'IN_PROGRESS');
  });

  test('is refused when the queue is full', async () => {
    await aws.control.settings({ fhirExportMs: 'never', fhirExportQueueLength: 1 });
    await start();
    await start();
    await expect(start()).rejects.toMatchObject({ name: 'ThrottlingException' });
  });

  test('is started once per token', async () => {
    const before = (await aws.control.jobs()).fhirExport;
    const JobId = await start({ ClientToken: 'export-1' });
    expect(await start({ ClientToken: 'export-1' })).toBe(JobId);
    await expect(start({ ClientToken: 'export-1', S3Uri: 's3://results/other' })).rejects.toMatchObject({
      name: 'ValidationException',
    });
    expect((await aws.control.jobs()).fhirExport).toBe(before + 1);
  });

  test('is listed by name, status and time, page by page', async () => {
    const JobIds: string[] = [];
    for (const JobName of ['wanted', 'wanted', 'other']) {
      JobIds.unshift(await start({ JobName }));
      await reached(JobIds[0] ?? '', 'COMPLETED');
    }
    const list = (filter: object) => aws.healthlake.listFHIRExportJobs({ DatastoreId, ...filter });
    const page = await list({ MaxResults: 2 });
    const rest = await list({ NextToken: page.NextToken });
    const all = [...(page.ExportJobPropertiesList ?? []), ...(rest.ExportJobPropertiesList ?? [])];
    expect(all.map(({ JobId }) => JobId)).toEqual(JobIds);
    expect(rest.NextToken).toBeUndefined();
    const wanted = await list({ JobName: 'wanted', JobStatus: 'COMPLETED', SubmittedAfter: new Date(0) });
    expect(wanted.ExportJobPropertiesList).toHaveLength(2);
    expect((await list({ SubmittedBefore: new Date(0) })).ExportJobPropertiesList).toEqual([]);
  });

  test('fails as told, with a message', async () => {
    await aws.control.failOutcome({ operation: 'StartFHIRExportJob', message: 'told to' });
    expect(await reached(await start(), 'FAILED')).toMatchObject({ Message: 'told to' });
  });

  test('can end before its files are there', async () => {
    await importAll({ 'a.ndjson': patient('p1', 'female') });
    await aws.control.settings({ manifestLagMs: 'never' });
    const JobId = await start();
    await reached(JobId, 'COMPLETED');
    expect(await exported(JobId)).toEqual({});
    await aws.control.settle({ kind: 'fhirExportJob', id: JobId });
    await until(
      () => exported(JobId),
      (files) => Object.keys(files).length === 1,
    );
  });

  test('ends with its data store, and so does an import', async () => {
    await aws.control.settings({ fhirExportMs: 'never', fhirImportMs: 'never' });
    const [exporting, importing] = [await start(), await startFhirImport(aws, { DatastoreId })];
    await importReached(aws, { DatastoreId, JobId: importing }, 'IN_PROGRESS');
    await aws.healthlake.deleteFHIRDatastore({ DatastoreId });
    const Message = 'The data store is being deleted.';
    expect(await reached(exporting, 'FAILED')).toMatchObject({ Message });
    const job = { DatastoreId, JobId: importing };
    expect(await importReached(aws, job, 'FAILED')).toMatchObject({ Message });
    await aws.control.settings({ fhirImportMs: 0 });
  });

  test('of a data store created with SYNTHEA has its people', async () => {
    DatastoreId = await activeFhirDatastore(aws, { PreloadDataConfig: { PreloadDataType: 'SYNTHEA' } });
    const JobId = await start();
    await reached(JobId, 'COMPLETED');
    const files = await exported(JobId);
    expect(Object.keys(files)).toEqual(
      ['Condition', 'Encounter', 'Observation', 'Patient'].map((type) => `${type}/${type}-1-1-1.ndjson`),
    );
    expect(files['Patient/Patient-1-1-1.ndjson']?.trimEnd().split('\n')).toHaveLength(3);
  });
});
