/** A local AWS in this process, a cluster on it, and image sets to work on: for the tests of one file. */
import { mkdir } from 'node:fs/promises';
import { localAws, p10, putFiles, type LocalAwsUnderTest } from '../local-aws/harness.ts';
import { startCluster, type Cluster } from './cluster.ts';
import { polling, roleArn } from './inputs.ts';

/** What takes a while in AWS takes 30 ms here: long enough to be seen under way. */
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
  /** A data store that is active. */
  readonly datastoreId: string;
  /** Creates a data store and imports into it what is in the bucket of its name, below `in/`. */
  onboard(datastoreName: string): ReturnType<typeof onboard>;
  /** Imports a series of its own into {@link datastoreId}, and gives its image set. */
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

/** A copy as another writer would ask for it, of image sets that nobody has changed yet. */
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
