/** Archives of DICOM files that a fleet imports, and what AWS has of its jobs. */
import type { FlowInput } from '../../src/client.ts';
import { activeDatastore } from '../local-aws/imaging-harness.ts';
import { p10, putFiles, type LocalAwsUnderTest } from '../local-aws/harness.ts';
import { roleArn } from '../support/inputs.ts';

/** The input of a fleet that imports everything below a root. */
export type RootInput = Extract<FlowInput<'importAllDicom'>, { inputS3Uri: string }>;

let made = 0;

/**
 * A data store, and a bucket with this many folders of one DICOM file each.
 *
 * @param more - further objects of the bucket, by their keys
 */
export async function archive(
  aws: LocalAwsUnderTest,
  folders: number,
  more: Record<string, string | Uint8Array> = {},
): Promise<RootInput> {
  const bucket = `fleet-${++made}`;
  const files = Array.from({ length: folders }, (_, index) => [
    `in/study-${String(index).padStart(3, '0')}/1.dcm`,
    p10({ series: `1.2.${made}.${index}`, instance: `1.2.${made}.${index}.1` }),
  ]);
  await putFiles(aws.data, bucket, { ...Object.fromEntries(files), ...more });
  return {
    datastoreId: await activeDatastore(aws),
    dataAccessRoleArn: roleArn,
    inputS3Uri: `s3://${bucket}/in/`,
    outputS3Uri: `s3://${bucket}/out/`,
    filesPerJob: 1,
    concurrency: 10,
    startsPerSecond: 200,
    lookInterval: 20,
  };
}

/** All jobs that AWS has of the data store of a fleet: their names without the plan id, and their statuses. */
export async function jobsInAws(aws: LocalAwsUnderTest, { datastoreId }: RootInput): Promise<string[]> {
  const jobs: string[] = [];
  let nextToken: string | undefined;
  do {
    const page = await aws.imaging.listDICOMImportJobs({ datastoreId, maxResults: 50, nextToken });
    for (const { jobName = '', jobStatus } of page.jobSummaries ?? [])
      jobs.push(`${jobName.replace(/^[0-9a-f]{16}-/, '')} ${jobStatus}`);
    ({ nextToken } = page);
  } while (nextToken !== undefined);
  return jobs.toSorted();
}

/** What {@link jobsInAws} returns if each job was started once, and ended well. */
export const eachOnce = (jobs: number) =>
  Array.from({ length: jobs }, (_, index) => `${index}-1 COMPLETED`).toSorted();
