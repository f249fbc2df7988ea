/** DICOM files, and their import into a local AWS. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MedicalImaging, type MedicalImagingClientConfig } from '@aws-sdk/client-medical-imaging';
import { dicomFile, type Element } from '../../dev/samples/dicom-file.ts';
import { localAwsOf } from './checkouts.ts';

process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';

/** A client of the HealthImaging of a local AWS, which accepts any credentials. */
export const imagingClient = (endpoint: string, more: MedicalImagingClientConfig = {}): MedicalImaging =>
  new MedicalImaging({
    ...more,
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
    disableHostPrefix: true,
  });

/**
 * Imports all objects of the bucket `input` of a local AWS into a new data store. The simulated
 * durations are 0, so that the job takes only the time of the work.
 *
 * @param data - the data folder of the local AWS
 * @param checkout - the folder of the checkout whose local AWS does the import
 * @returns the id of the data store that holds the image sets
 */
export async function importAll(data: string, checkout = '.'): Promise<string> {
  const startLocalAws = await localAwsOf(checkout);
  const settings = { datastoreCreateMs: 0, dicomImportSubmittedMs: 0, dicomImportMs: 0 };
  const aws = await startLocalAws({ data, settings });
  const imaging = imagingClient(aws.endpoint);
  const { datastoreId = '' } = await imaging.createDatastore({});
  const { jobId } = await imaging.startDICOMImportJob({
    datastoreId,
    dataAccessRoleArn: 'arn:aws:iam::123456789012:role/import',
    inputS3Uri: 's3://input/',
    outputS3Uri: 's3://output/',
  });
  for (let status = 'SUBMITTED'; status !== 'COMPLETED';) {
    const { jobProperties } = await imaging.getDICOMImportJob({ datastoreId, jobId });
    status = jobProperties?.jobStatus ?? '';
    if (status === 'FAILED') throw new Error(jobProperties?.message);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const manifest = readFileSync(
    join(data, 's3/output', `${datastoreId}-DicomImport-${jobId}`, 'job-output-manifest.json'),
    'utf8',
  );
  const { numberOfFilesWithCustomerError: failed } = JSON.parse(manifest).jobSummary;
  if (failed !== 0) throw new Error(`${failed} files were not imported.`);
  imaging.destroy();
  await aws.close();
  return datastoreId;
}

/** The data elements Rows and Columns of a square image. */
export const imageSize = (edge: number): readonly Element[] => [
  ['00280010', 'US', edge],
  ['00280011', 'US', edge],
];

/** A CT image as a DICOM P10 file. */
export function image(series: string, instance: string, elements: readonly Element[]): Buffer {
  return dicomFile('1.2.840.10008.5.1.4.1.1.2', instance, [
    ['00080020', 'DA', '20240131'],
    ['00080030', 'TM', '130000'],
    ['00080060', 'CS', 'CT'],
    ['00100010', 'PN', 'Doe^Jane'],
    ['00100020', 'LO', 'P1'],
    ['00180050', 'DS', '1.25'],
    ['0020000D', 'UI', '1.2.3'],
    ['0020000E', 'UI', series],
    ['00280002', 'US', 1],
    ['00280100', 'US', 16],
    ['00280103', 'US', 0],
    ...elements,
  ]);
}
