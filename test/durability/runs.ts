/** Runs for the kills to hit, and what AWS has seen of them. */
import type { FlowRun } from '../../src/client.ts';
import type { FlowName } from '../../src/input-rules/flows.ts';
import { p10, putFiles, until } from '../local-aws/harness.ts';
import { polling, roleArn } from '../support/inputs.ts';
import type { Platform } from './platform.ts';

export type Run = FlowRun<FlowName>;

/** How a run says that it ended well. */
export function endOf(result: Awaited<ReturnType<Run['result']>>): string | undefined {
  if ('outcome' in result) return result.outcome;
  return 'imageSetWorkflowStatus' in result ? result.imageSetWorkflowStatus : undefined;
}

export interface CopyPair {
  datastoreId: string;
  sourceImageSetId: string;
  destinationImageSetId: string;
}

let made = 0;

/** What the imports find in S3. */
export async function putSamples({ data }: Platform): Promise<void> {
  await putFiles(data, 'dicom', { 'in/1.dcm': p10({ series: '1.2.1', instance: '1.2.1.1' }) });
  await putFiles(data, 'fhir', { 'in/Patient.ndjson': '{"resourceType":"Patient","id":"p1"}\n' });
}

/** Starts the flows of a platform. */
export const runsOf = ({ flows }: Platform) => ({
  onboard: () =>
    flows.start('onboardDatastoreAndImport', {
      datastoreName: `store-${++made}`,
      dataAccessRoleArn: roleArn,
      inputS3Uri: 's3://dicom/in/',
      outputS3Uri: 's3://dicom/out/',
      polling,
    }),
  copy: (pair: CopyPair | undefined) => {
    if (!pair) throw new Error('there are not that many pairs');
    return flows.start('copyImageSet', { ...pair, force: true, polling });
  },
  fhirImport: (DatastoreId: string) =>
    flows.start('startImportAndWaitCompleted', {
      DatastoreId,
      InputS3Uri: 's3://fhir/in/',
      OutputS3Uri: 's3://fhir/out/',
      OutputKmsKeyId: 'alias/key',
      DataAccessRoleArn: roleArn,
      polling,
    }),
});

/** How many things of each kind AWS has. */
export async function counts({ aws: { control, imaging } }: Platform) {
  const { datastoreSummaries = [] } = await imaging.listDatastores({ maxResults: 50 });
  return { ...(await control.jobs()), datastores: datastoreSummaries.length };
}

/** The versions of the destinations. */
export const versions = ({ aws: { imaging } }: Platform, pairs: readonly CopyPair[]) =>
  Promise.all(
    pairs.map(async ({ datastoreId, destinationImageSetId: imageSetId }) => {
      const { versionId } = await imaging.getImageSet({ datastoreId, imageSetId });
      return versionId;
    }),
  );

/** A HealthLake data store that is active. */
export async function fhirDatastore({ aws: { healthlake } }: Platform): Promise<string> {
  const { DatastoreId = '' } = await healthlake.createFHIRDatastore({ DatastoreTypeVersion: 'R4' });
  await until(
    () => healthlake.describeFHIRDatastore({ DatastoreId }),
    ({ DatastoreProperties }) => DatastoreProperties?.DatastoreStatus === 'ACTIVE',
  );
  return DatastoreId;
}

/** Imports two series for each pair, into a data store of their own. */
export async function copyPairs({ aws, data, flows }: Platform, count: number): Promise<CopyPair[]> {
  const bucket = `pairs-${++made}`;
  const slices = Array.from({ length: 2 * count }, (_, index) => [
    `in/${index}.dcm`,
    p10({ series: `1.2.${made}.${index}`, instance: `1.2.${made}.${index}.1` }),
  ]);
  await putFiles(data, bucket, Object.fromEntries(slices));
  const { datastoreId } = await flows.execute('onboardDatastoreAndImport', {
    datastoreName: bucket,
    dataAccessRoleArn: roleArn,
    inputS3Uri: `s3://${bucket}/in/`,
    outputS3Uri: `s3://${bucket}/out/`,
    polling,
  });
  const { imageSetsMetadataSummaries = [] } = await aws.imaging.searchImageSets({
    datastoreId,
    maxResults: 50,
  });
  const ids = imageSetsMetadataSummaries.map(({ imageSetId = '' }) => imageSetId);
  return Array.from({ length: count }, (_, index) => ({
    datastoreId,
    sourceImageSetId: ids[2 * index] ?? '',
    destinationImageSetId: ids[2 * index + 1] ?? '',
  }));
}
