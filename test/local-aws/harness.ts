import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { HealthLake } from '@aws-sdk/client-healthlake';
import { MedicalImaging } from '@aws-sdk/client-medical-imaging';
import { S3 } from '@aws-sdk/client-s3';
import { SQS } from '@aws-sdk/client-sqs';
import { dicomFile, type Element } from '../../dev/samples/dicom-file.ts';
import { LocalAwsControl } from '../../local-aws/control.ts';
import { startLocalAws } from '../../local-aws/server.ts';
import type { Settings } from '../../local-aws/settings.ts';

process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';

/** Everything happens at once, in order. */
export const instant: Partial<Settings> = {
  datastoreCreateMs: 0,
  datastoreDeleteMs: 0,
  dicomImportSubmittedMs: 0,
  dicomImportMs: 0,
  copyMs: 0,
  updateMs: 0,
  deleteImageSetMs: 0,
  fhirDatastoreCreateMs: 0,
  fhirDatastoreDeleteMs: 0,
  fhirImportSubmittedMs: 0,
  fhirImportMs: 0,
  fhirExportSubmittedMs: 0,
  fhirExportMs: 0,
};

export interface Clients {
  readonly imaging: MedicalImaging;
  readonly healthlake: HealthLake;
  readonly s3: S3;
  readonly sqs: SQS;
  readonly control: LocalAwsControl;
}

export interface LocalAwsUnderTest extends Clients {
  readonly endpoint: string;
  readonly data: string;
  close(): Promise<void>;
}

/** A local AWS in a folder of its own, with the SDK's own clients, which retry nothing. */
export async function localAws(settings: Partial<Settings> = {}): Promise<LocalAwsUnderTest> {
  const data = await temporaryFolder();
  const aws = await startLocalAws({ data, settings: { ...instant, ...settings } });
  const clients = clientsOf(aws.endpoint);
  return {
    ...clients,
    endpoint: aws.endpoint,
    data,
    async close() {
      for (const client of [clients.imaging, clients.healthlake, clients.s3, clients.sqs]) client.destroy();
      await aws.close();
      await rm(data, { recursive: true });
    },
  };
}

export const temporaryFolder = () => mkdtemp(path.join(os.tmpdir(), 'local-aws-test-'));

export function clientsOf(endpoint: string): Clients {
  const config = {
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
    disableHostPrefix: true,
  };
  return {
    imaging: new MedicalImaging(config),
    healthlake: new HealthLake(config),
    s3: new S3({ ...config, forcePathStyle: true }),
    sqs: new SQS(config),
    control: new LocalAwsControl(endpoint),
  };
}

/** Reads again until it is as wanted; the test's own time limit ends a wait that is in vain. */
export async function until<T>(read: () => Promise<T>, wanted: (value: T) => boolean): Promise<T> {
  for (;;) {
    const value = await read();
    if (wanted(value)) return value;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Puts objects into a bucket the way a user may: by writing files. */
export async function putFiles(
  data: string,
  bucket: string,
  files: Readonly<Record<string, Uint8Array | string>>,
) {
  for (const [key, content] of Object.entries(files)) {
    const file = path.join(data, 's3', bucket, key);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, content);
  }
}

export interface Slice {
  readonly patient?: string;
  readonly study?: string;
  readonly studyDate?: string;
  readonly series: string;
  readonly instance: string;
}

/** A CT slice of 4 × 4 pixels as a DICOM P10 file. */
export function p10({
  patient = 'P1',
  study = '1.2.3',
  studyDate = '20240131',
  series,
  instance,
}: Slice): Uint8Array {
  const pixels = Uint16Array.from({ length: 16 }, (_, i) => i * 100);
  const elements: Element[] = [
    ['00080020', 'DA', studyDate],
    ['00080030', 'TM', '130000'],
    ['00080060', 'CS', 'CT'],
    ['00091001', 'LO', 'private'],
    ['00100010', 'PN', 'Doe^Jane'],
    ['00100020', 'LO', patient],
    ['00180050', 'DS', '1.250'],
    ['0020000D', 'UI', study],
    ['0020000E', 'UI', series],
    ['00280002', 'US', 1],
    ['00280010', 'US', 4],
    ['00280011', 'US', 4],
    ['00280100', 'US', 16],
    ['00280103', 'US', 0],
    ['7FE00010', 'OW', Buffer.from(pixels.buffer)],
  ];
  return dicomFile('1.2.840.10008.5.1.4.1.1.2', instance, elements);
}
