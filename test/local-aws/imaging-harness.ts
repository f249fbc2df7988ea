import { gunzipSync } from 'node:zlib';
import type { CreateDatastoreRequest } from '@aws-sdk/client-medical-imaging';
import { until, type Clients } from './harness.ts';

const role = 'arn:aws:iam::123456789012:role/import';

/** A data store that is ACTIVE. */
export async function activeDatastore(
  { imaging }: Clients,
  input: Partial<CreateDatastoreRequest> = {},
): Promise<string> {
  const { datastoreId = '' } = await imaging.createDatastore(input);
  await until(
    () => imaging.getDatastore({ datastoreId }),
    ({ datastoreProperties }) => datastoreProperties?.datastoreStatus === 'ACTIVE',
  );
  return datastoreId;
}

export interface ImportInput {
  readonly datastoreId: string;
  readonly inputS3Uri: string;
  readonly outputS3Uri?: string;
  readonly clientToken?: string;
  readonly jobName?: string;
}

export function startImport({ imaging }: Clients, input: ImportInput) {
  return imaging.startDICOMImportJob({ outputS3Uri: 's3://results/out/', ...input, dataAccessRoleArn: role });
}

/** Starts an import and waits for its end. */
export async function importAll(clients: Clients, input: ImportInput) {
  const { jobId } = await startImport(clients, input);
  const { jobProperties } = await until(
    () => clients.imaging.getDICOMImportJob({ datastoreId: input.datastoreId, jobId }),
    ({ jobProperties }) => ['COMPLETED', 'FAILED'].includes(jobProperties?.jobStatus ?? ''),
  );
  if (!jobProperties) throw new Error('a job has properties');
  return jobProperties;
}

export async function readObject({ s3 }: Clients, uri: string): Promise<string> {
  const [, Bucket, Key] = /^s3:\/\/([^/]+)\/(.*)$/.exec(uri) ?? [];
  const { Body } = await s3.getObject({ Bucket, Key });
  return (await Body?.transformToString()) ?? '';
}

export async function readLines(clients: Clients, uri: string): Promise<unknown[]> {
  const text = await readObject(clients, uri);
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/** The metadata of an image set, as it is inside the gzip. */
export async function readMetadata(
  { imaging }: Clients,
  imageSet: { datastoreId: string; imageSetId: string; versionId?: string },
) {
  const { imageSetMetadataBlob } = await imaging.getImageSetMetadata(imageSet);
  const bytes = (await imageSetMetadataBlob?.transformToByteArray()) ?? new Uint8Array();
  return JSON.parse(gunzipSync(bytes).toString());
}

/** Image set ids by SeriesInstanceUID. */
export async function imageSetsBySeries(
  { imaging }: Clients,
  datastoreId: string,
): Promise<Record<string, string>> {
  const { imageSetsMetadataSummaries = [] } = await imaging.searchImageSets({ datastoreId });
  return Object.fromEntries(
    imageSetsMetadataSummaries.map(({ imageSetId, DICOMTags }) => [
      DICOMTags?.DICOMSeriesInstanceUID,
      imageSetId,
    ]),
  );
}
