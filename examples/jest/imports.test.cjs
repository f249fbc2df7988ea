/* global aws */
const { readFileSync } = require('node:fs');
const path = require('node:path');
const { HealthLake } = require('@aws-sdk/client-healthlake');
const { MedicalImaging } = require('@aws-sdk/client-medical-imaging');
const { S3 } = require('@aws-sdk/client-s3');

const file = (name) => readFileSync(path.join(__dirname, '../files', name));
const dataAccessRoleArn = 'arn:aws:iam::123456789012:role/import';

const config = {
  endpoint: aws.endpoint,
  region: 'us-east-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  // Without this, the SDK calls runtime-127.0.0.1, which does not exist.
  disableHostPrefix: true,
};
const imaging = new MedicalImaging(config);
const healthlake = new HealthLake(config);
// Without this, the SDK puts the bucket's name before the host name.
const s3 = new S3({ ...config, forcePathStyle: true });

/** Calls `read` until `isDone` accepts its result, and returns this result. */
async function until(read, isDone) {
  for (;;) {
    const found = await read();
    if (isDone(found)) return found;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Imports image.dcm, and a file that is not DICOM, into a new data store. */
async function importDicom() {
  await s3.putObject({ Bucket: 'incoming', Key: 'dicom/image.dcm', Body: file('image.dcm') });
  await s3.putObject({ Bucket: 'incoming', Key: 'dicom/notes.txt', Body: 'no DICOM' });
  const { datastoreId } = await imaging.createDatastore({ datastoreName: 'radiology' });
  const store = async () => (await imaging.getDatastore({ datastoreId })).datastoreProperties;
  await until(store, ({ datastoreStatus }) => datastoreStatus === 'ACTIVE');
  const { jobId } = await imaging.startDICOMImportJob({
    datastoreId,
    dataAccessRoleArn,
    inputS3Uri: 's3://incoming/dicom/',
    outputS3Uri: 's3://results/',
  });
  const job = async () => (await imaging.getDICOMImportJob({ datastoreId, jobId })).jobProperties;
  return until(job, ({ jobStatus }) => ['COMPLETED', 'FAILED'].includes(jobStatus));
}

test('imports DICOM', async () => {
  const { datastoreId, jobStatus, outputS3Uri } = await importDicom();
  expect(jobStatus).toBe('COMPLETED');
  const { imageSetsMetadataSummaries } = await imaging.searchImageSets({ datastoreId });
  expect(imageSetsMetadataSummaries).toMatchObject([{ DICOMTags: { DICOMPatientId: 'SYNTHETIC-0002' } }]);

  // COMPLETED does not mean that every file was imported. The counts are in the manifest.
  const Key = `${outputS3Uri.replace('s3://results/', '')}job-output-manifest.json`;
  const { Body } = await s3.getObject({ Bucket: 'results', Key });
  const { jobSummary } = JSON.parse(await Body.transformToString());
  expect(jobSummary).toMatchObject({ numberOfScannedFiles: 2, numberOfImportedFiles: 1 });
});

test('imports FHIR', async () => {
  await s3.putObject({ Bucket: 'incoming', Key: 'fhir/Patient.ndjson', Body: file('Patient.ndjson') });
  const { DatastoreId } = await healthlake.createFHIRDatastore({ DatastoreTypeVersion: 'R4' });
  const store = async () => (await healthlake.describeFHIRDatastore({ DatastoreId })).DatastoreProperties;
  await until(store, ({ DatastoreStatus }) => DatastoreStatus === 'ACTIVE');
  const { JobId } = await healthlake.startFHIRImportJob({
    DatastoreId,
    DataAccessRoleArn: dataAccessRoleArn,
    InputDataConfig: { S3Uri: 's3://incoming/fhir/' },
    JobOutputDataConfig: { S3Configuration: { S3Uri: 's3://results/', KmsKeyId: 'alias/local' } },
  });
  const job = async () =>
    (await healthlake.describeFHIRImportJob({ DatastoreId, JobId })).ImportJobProperties;
  const ended = await until(
    job,
    ({ JobStatus }) => !['SUBMITTED', 'QUEUED', 'IN_PROGRESS'].includes(JobStatus),
  );
  expect(ended.JobStatus).toBe('COMPLETED');
  expect(ended.JobProgressReport.TotalNumberOfResourcesImported).toBe(2);
});

test('a failed import is reported', async () => {
  await aws.control.failOutcome({ operation: 'StartDICOMImportJob', message: 'The disk is full.' });
  expect(await importDicom()).toMatchObject({ jobStatus: 'FAILED', message: 'The disk is full.' });
});

test('the SDK retries a throttled call', async () => {
  await aws.control.failNext({ operation: 'ListDatastores', error: 'ThrottlingException' });
  expect((await imaging.listDatastores({})).datastoreSummaries).toEqual([]);
  const calls = await aws.control.calls({ operation: 'ListDatastores' });
  expect(calls.map(({ outcome }) => outcome)).toEqual(['ThrottlingException', 'ok']);
});
