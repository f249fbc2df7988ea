/**
 * What is said of an import that has ended, by all that tells of it: counters, reports on single files, warnings.
 *
 * The service is scripted: it writes what the local AWS does not, as AWS's developer guides have it.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { withCluster, type Cluster } from '../support/cluster.ts';
import { failureOf } from '../support/failure.ts';
import { datastoreId, fhirInput, polling, roleArn } from '../support/inputs.ts';
import { dicomJobReply, dicomOutput, fhirImportReply, outputOf } from '../support/replies.ts';
import { error, startScriptedAws, type ScriptedAws, type StoredObject } from '../support/scripted-aws.ts';

let aws: ScriptedAws;
let cluster: Cluster;

// What S3 refuses is tried for this long: short enough to see its end.
const settings = { READ_BUDGET: '9s' };
withCluster(startScriptedAws, (...platform) => ([aws, cluster] = platform), { settings });

const sample = (name: string) =>
  readFileSync(join(import.meta.dirname, '../activities/outputs', name), 'utf8');

describe('a DICOM import', () => {
  const folder = outputOf('j1');
  const importInput = {
    datastoreId,
    dataAccessRoleArn: roleArn,
    inputS3Uri: 's3://bucket/in/',
    outputS3Uri: 's3://bucket/out/',
    polling,
  };
  const manifestUri = `${folder}/job-output-manifest.json`;
  const all = (more: object = {}) => dicomOutput('j1', { scanned: 3, imported: 3, ...more });
  const run = (objects: Record<string, StoredObject>, input: object = {}) => {
    aws.script(
      {
        StartDICOMImportJob: [{ datastoreId, jobId: 'j1', jobStatus: 'SUBMITTED' }],
        GetDICOMImportJob: [dicomJobReply('COMPLETED')],
        SearchImageSets: [{ imageSetsMetadataSummaries: [] }],
      },
      objects,
    );
    return cluster.flows.execute('importDicomAndSearch', { ...importInput, ...input });
  };
  const warnedOf = (warnings: object[]) => ({
    [`${folder}/WARNING/warning.ndjson`]: JSON.stringify({
      inputFile: 'in/w.dcm',
      importResponse: { warnings },
    }),
  });

  // "Pixel data was malformed and cannot be retrieved": HealthImaging developer guide, "Warning codes", 45328.
  test('whose pixel data cannot be read is partial', async () => {
    const warnings = { [`${folder}/WARNING/warning.ndjson`]: sample('healthimaging-WARNING-warning.ndjson') };
    expect(await run({ ...all(), ...warnings }, { listFailedFiles: 1 })).toMatchObject({
      outcome: 'partial',
      counts: { scanned: 3, imported: 3 },
      warnings: {
        uri: `${folder}/WARNING/`,
        byType: { FramesExtractionFailure: 1 },
        losses: 1,
        listed: [
          {
            file: 'w/a.dcm',
            type: 'FramesExtractionFailure',
            code: 45328,
            message: 'Pixel data was malformed and cannot be retrieved',
            imageSetId: '0'.repeat(32),
          },
        ],
      },
    });
    expect(await failureOf(run({ ...all(), ...warnings }, { onFileErrors: 'fail' }))).toMatchObject({
      type: 'FilesFailed',
      message: expect.stringContaining('1 warnings are about data that cannot be read'),
    });
  });

  // The same table: these say of the data that they are there.
  test.each([45056, 45062, 45063, 45330, 45570, 45571, 47513])(
    'with warning %d is complete',
    async (code) => {
      const objects = { ...all(), ...warnedOf([{ warning_reason_code: code, type: 'Other', message: '' }]) };
      expect(await run(objects, { onFileErrors: 'fail' })).toMatchObject({
        outcome: 'complete',
        warnings: { byType: { Other: 1 }, listed: [] },
      });
    },
  );

  test.each([
    ['45312', { warning_reason_code: 45312, type: 'TranscodingException' }],
    ['45329', { warning_reason_code: 45329, type: 'FrameNumberMismatch' }],
    ['45344', { warning_reason_code: 45344, type: 'UnsupportedTransferSyntax' }],
    ['of that type', { type: 'TRANSCODING_EXCEPTION' }],
  ])('with warning %s is partial', async (_, warning) => {
    expect(await run({ ...all(), ...warnedOf([warning]) })).toMatchObject({ outcome: 'partial' });
  });

  test('whose warnings nobody may read is not called complete', async () => {
    const denied = { ...all(), [`${folder}/WARNING/warning.ndjson`]: error('AccessDenied', 403) };
    const warnings = { unreadable: expect.stringContaining('AccessDenied') };
    expect(await run(denied)).toMatchObject({ outcome: 'unknown', counts: { imported: 3 }, warnings });
    expect(await failureOf(run(denied, { onFileErrors: 'fail' }))).toMatchObject({ type: 'OutcomeUnknown' });
  });

  test('lists the image sets that are not primary first, counts all, and says where the rest stands', async () => {
    const imageSetsSummary = Array.from({ length: 1_500 }, (_, i) => ({
      imageSetId: String(i).padStart(32, '0'),
      imageSetVersion: 1,
      isPrimary: i < 1_000,
    }));
    const { imageSets = [], imageSetCounts } = await run(all({ imageSetsSummary }));
    expect(imageSetCounts).toEqual({ total: 1_500, nonPrimary: 500, restIn: manifestUri });
    expect(imageSets).toHaveLength(1_000);
    expect(imageSets.slice(0, 500).every(({ isPrimary }) => isPrimary === false)).toBe(true);
  });

  test('is read after all where S3 answers 503 for longer than a manifest may be late', async () => {
    const manifest = dicomOutput('j1', { scanned: 5_000, imported: 10 })[manifestUri] ?? '';
    const busy = Array.from({ length: 3 }, () => error('SlowDown', 503));
    expect(
      await failureOf(run({ [manifestUri]: [...busy, manifest] }, { onFileErrors: 'fail' })),
    ).toMatchObject({
      type: 'FilesFailed',
      message: expect.stringContaining('4990 of 5000'),
    });
  });

  test.each([
    ['is missing', {}],
    ['cannot be read', { [manifestUri]: error('InternalError', 500) }],
    ['is no JSON', { [manifestUri]: '{' }],
  ])('has failed unless proven where the manifest %s, and says how to ask again', async (_, objects) => {
    expect(await failureOf(run(objects, { onFileErrors: 'fail' }))).toMatchObject({
      type: 'OutcomeUnknown',
      message: expect.stringMatching(/id of this job \(j1\) in the input/),
      details: { result: { jobId: 'j1', outcome: 'unknown' } },
    });
  });

  test('keeps its counts where its failures cannot be read', async () => {
    const objects = dicomOutput('j1', { scanned: 3, imported: 1 });
    objects[`${folder}/FAILURE/failure.ndjson`] = '';
    const withheld: Record<string, StoredObject> = {
      ...objects,
      [`${folder}/FAILURE/failure.ndjson`]: error('InternalError', 500),
    };
    expect(await run(withheld)).toMatchObject({
      outcome: 'partial',
      counts: { scanned: 3, imported: 1 },
      failures: { byReason: {}, unreadable: expect.stringContaining('InternalError') },
    });
  });
});

describe('a FHIR import', () => {
  const folder = `s3://bucket/out/${datastoreId}-FHIR_IMPORT-j1`;
  const progress = (more: object = {}) => ({
    TotalNumberOfScannedFiles: 10,
    TotalNumberOfImportedFiles: 10,
    TotalNumberOfResourcesScanned: 70,
    TotalNumberOfResourcesImported: 70,
    TotalNumberOfResourcesWithCustomerError: 0,
    TotalNumberOfFilesReadWithCustomerError: 0,
    ...more,
  });
  const manifest = (more: object = {}) => ({
    [`${folder}/manifest.json`]: JSON.stringify({
      numberOfScannedFiles: 10,
      numberOfFilesImported: 10,
      numberOfResourcesScanned: 70,
      numberOfResourcesImportedSuccessfully: 70,
      numberOfResourcesWithCustomerError: 0,
      numberOfResourcesWithServerError: 0,
      ...more,
    }),
  });
  const run = (
    status: string,
    JobProgressReport: object,
    objects: Record<string, StoredObject>,
    input: object = {},
  ) => {
    const S3Configuration = { S3Uri: 's3://bucket/out/', KmsKeyId: 'alias/key' };
    const job = fhirImportReply(status, { JobOutputDataConfig: { S3Configuration }, JobProgressReport });
    aws.script(
      {
        StartFHIRImportJob: [{ JobId: 'j1', JobStatus: 'SUBMITTED', DatastoreId: datastoreId }],
        DescribeFHIRImportJob: [job],
      },
      objects,
    );
    return cluster.flows.execute('startImportAndWaitCompleted', { ...fhirInput, ...input });
  };

  // TotalNumberOfFilesReadWithCustomerError: "files that failed to be read [...] due to customer error" (API reference).
  test('that could not read three of ten files is partial, though all 70 scanned resources are in', async () => {
    const lossy = [
      'COMPLETED_WITH_ERRORS',
      progress({ TotalNumberOfImportedFiles: 7, TotalNumberOfFilesReadWithCustomerError: 3 }),
      manifest({ numberOfFilesImported: 7 }),
    ] as const;
    expect(await run(...lossy)).toMatchObject({
      outcome: 'partial',
      counts: { scanned: 70, imported: 70, files: { scanned: 10, imported: 7, customerErrors: 3 } },
    });
    expect(await failureOf(run(...lossy, { onFileErrors: 'fail' }))).toMatchObject({
      type: 'FilesFailed',
      message: expect.stringContaining('3 of 10 files'),
    });
  });

  test.each([
    ['the manifest alone tells of lost files', progress(), manifest({ numberOfFilesImported: 7 })],
    [
      'the progress report alone tells of lost files',
      progress({ TotalNumberOfFilesReadWithCustomerError: 3 }),
      manifest(),
    ],
  ])('is partial where %s', async (_, report, objects) => {
    expect(await run('COMPLETED', report, objects)).toMatchObject({ outcome: 'partial' });
  });

  test('that COMPLETED_WITH_ERRORS is never complete, whatever the counters say', async () => {
    const ended = ['COMPLETED_WITH_ERRORS', progress(), manifest()] as const;
    expect(await run(...ended)).toMatchObject({ outcome: 'partial' });
    expect(await failureOf(run(...ended, { onFileErrors: 'fail' }))).toMatchObject({ type: 'FilesFailed' });
  });

  test('that could read no file at all has imported nothing', async () => {
    const resources = { numberOfResourcesScanned: 0, numberOfResourcesImportedSuccessfully: 0 };
    const nothing = manifest({ numberOfFilesImported: 0, ...resources });
    const report = progress({
      TotalNumberOfImportedFiles: 0,
      TotalNumberOfResourcesScanned: 0,
      TotalNumberOfResourcesImported: 0,
      TotalNumberOfFilesReadWithCustomerError: 10,
    });
    expect(await failureOf(run('COMPLETED_WITH_ERRORS', report, nothing))).toMatchObject({
      type: 'NothingImported',
      message: '+outcome: none of the 10 files was imported',
      details: { result: { outcome: 'none' } },
    });
  });

  test('with complete counters is complete, also under onFileErrors: fail', async () => {
    expect(await run('COMPLETED', progress(), manifest(), { onFileErrors: 'fail' })).toMatchObject({
      outcome: 'complete',
      failures: { byReason: {}, listed: [] },
      warnings: { byType: {}, listed: [] },
    });
  });

  test('counts for each line the worst issue, and reads lines that are no JSON as far as they go', async () => {
    const objects = {
      ...manifest({ numberOfResourcesImportedSuccessfully: 68, numberOfResourcesWithCustomerError: 2 }),
      [`${folder}/FAILURE/Patient.ndjson`]: sample('healthlake-FAILURE-Patient.ndjson'),
    };
    expect(await run('COMPLETED_WITH_ERRORS', progress(), objects, { listFailedFiles: 5 })).toMatchObject({
      failures: {
        byReason: { structure: 1, processing: 1 },
        listed: [
          { file: 'Patient.ndjson', line: 2, reason: 'structure', message: "Unrecognised property 'foo'" },
          {
            file: 'Patient.ndjson',
            line: 4,
            reason: 'processing',
            message: 'Missing required id field in resource json',
          },
        ],
      },
    });
  });

  // "Resources within the log files of this folder were ingested [...]; malformed fields may not be searchable."
  // (HealthLake developer guide, "Importing FHIR data", validation level minimal.)
  test('reports resources that a search may not find, which are in all the same', async () => {
    const issue = [{ severity: 'warning', code: 'processing', diagnostics: 'birthDate is not a date' }];
    const line = { lineId: 7, UpdateResourceResponse: { jsonBlob: { issue }, statusCode: 200 } };
    const warnings = `${folder}/SUCCESS_WITH_SEARCH_VALIDATION_FAILURES/`;
    const objects = { ...manifest(), [`${warnings}Patient.ndjson`]: JSON.stringify(line) };
    expect(
      await run('COMPLETED', progress(), objects, { listFailedFiles: 5, onFileErrors: 'fail' }),
    ).toMatchObject({
      outcome: 'complete',
      warnings: {
        uri: warnings,
        byType: { SearchValidationFailure: 1 },
        listed: [{ file: 'Patient.ndjson', line: 7, message: 'birthDate is not a date' }],
      },
    });
  });
});
