/** A local AWS in this process, a cluster that uses it, and image sets: for the tests of one file. */
import { mkdir } from 'node:fs/promises';
import { localAws, p10, putFiles, type LocalAwsUnderTest } from '../local-aws/harness.ts';
import { startCluster, type Cluster } from './cluster.ts';
import { polling, roleArn } from './inputs.ts';

/** Asynchronous operations take 30 ms, which is long enough for a run to observe them in progress. */
const BRIEFLY = {
  copyMs: 30,
  updateMs: 30,
  dicomImportMs: 30,
  fhirImportMs: 30,
  datastoreCreateMs: 30,
};

export interface Stage {
  readonly aws: LocalAwsUnderTest;
  readonly cluster: Cluster;
  /** An `ACTIVE` data store. */
  readonly datastoreId: string;
  /** Creates a data store and imports the `in/` folder of the bucket with the same name. */
  onboard(datastoreName: string): ReturnType<typeof onboard>;
  /** Imports a new series into {@link datastoreId}, and returns the id of its image set. */
  imageSet(instances: number): Promise<string>;
  stop(): Promise<void>;
}

export async function startStage(): Promise<Stage> {
  const aws = await localAws(BRIEFLY);
  const cluster = await startCluster(aws.endpoint);
  await mkdir(`${aws.data}/s3/store`, { recursive: true });
  const { datastoreId } = await onboard(cluster, 'store');
  let made = 0;
  return {
    aws,
    cluster,
    datastoreId,
    onboard: (datastoreName) => onboard(cluster, datastoreName),
    imageSet: (instances) => importSeries(aws, cluster, datastoreId, ++made, instances),
    stop: async () => {
      await cluster.stop();
      await aws.close();
    },
  };
}

/** The copy request of another writer, for image sets at their first version. */
export const copyRequest = (datastoreId: string, sourceImageSetId: string, imageSetId: string) => ({
  datastoreId,
  sourceImageSetId,
  force: true,
  copyImageSetInformation: {
    sourceImageSet: { latestVersionId: '1' },
    destinationImageSet: { imageSetId, latestVersionId: '1' },
  },
});

function onboard({ flows }: Cluster, datastoreName: string) {
  return flows.execute('onboardDatastoreAndImport', {
    datastoreName,
    dataAccessRoleArn: roleArn,
    inputS3Uri: `s3://${datastoreName}/in/`,
    outputS3Uri: `s3://${datastoreName}/out/`,
    listFailedFiles: 5,
    polling,
  });
}

async function importSeries(
  aws: LocalAwsUnderTest,
  { flows }: Cluster,
  datastoreId: string,
  number: number,
  instances: number,
): Promise<string> {
  const series = `1.2.3.${number}`;
  const bucket = `series-${number}`;
  const slices = Array.from({ length: instances }, (_, index) => [
    `in/${index}.dcm`,
    p10({ series, instance: `${series}.${index}` }),
  ]);
  await putFiles(aws.data, bucket, Object.fromEntries(slices));
  const { imageSets = [] } = await flows.execute('importDicomAndSearch', {
    datastoreId,
    dataAccessRoleArn: roleArn,
    inputS3Uri: `s3://${bucket}/in/`,
    outputS3Uri: `s3://${bucket}/out/`,
    polling,
  });
  return imageSets[0]?.imageSetId ?? '';
}
