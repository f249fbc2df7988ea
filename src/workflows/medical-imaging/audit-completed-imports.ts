import type { ImageSetsMetadataSummary } from '@aws-sdk/client-medical-imaging';
import type { Json } from '../../activities/operation.ts';
import {
  audit,
  listCompleted,
  readCompleted,
  tryCompleted,
  type AuditedImport,
} from '../shared/completed-imports.ts';
import { runFlow } from '../shared/flow.ts';
import { searchImageSets } from '../shared/search.ts';

export interface AuditCompletedImportsInput {
  datastoreId: string;
}

export interface AuditCompletedImportsResult {
  /** The newest job, and where it had its files from and put its output; absent where no import has completed. */
  firstJobId?: string;
  inputS3Uri?: string | undefined;
  outputS3Uri?: string | undefined;
  imageSetsMetadataSummaries: Json<ImageSetsMetadataSummary>[];
  nextToken?: string;
  /** Newest first. */
  jobs: AuditedImport[];
  /** Completed jobs beyond the newest 500, which were not opened up. */
  notAudited: number;
  /** There were still more than the 5,000 that were listed: which are the newest is not known then. */
  moreJobs?: boolean;
}

/** Two calls a job: a run of 500 stays below the events at which Temporal begins to warn. */
const MOST_JOBS = 500;
const AT_ONCE = 10;

/**
 * Opens up every completed import of a data store, newest first: `COMPLETED` does not say that every file is there.
 *
 * @throws ApplicationFailure `ImportJobFailed` where the newest is `COMPLETED` in the list alone, `ValidationFailed`, or by
 *   the AWS exception's name
 * @see arazzo/audit-completed-imports.yaml
 */
export async function auditCompletedImports(
  input: AuditCompletedImportsInput,
): Promise<AuditCompletedImportsResult> {
  return runFlow('auditCompletedImports', input, async (flow) => {
    const { datastoreId } = input;
    flow.know({ datastoreId });
    const { completed, more } = await listCompleted(flow, 'listCompletedJobs', datastoreId);
    const [first, ...others] = completed.slice(0, MOST_JOBS);
    const moreJobs = more && { moreJobs: more };
    if (!first) return { imageSetsMetadataSummaries: [], jobs: [], notAudited: 0, ...moreJobs };

    const newest = await readCompleted(flow, 'getJobDetail', datastoreId, first);
    const jobs = [await audit(flow, datastoreId, newest)];
    const found = await searchImageSets(flow, 'searchImageSets', datastoreId);

    for (let from = 0; from < others.length; from += AT_ONCE) {
      const some = others.slice(from, from + AT_ONCE).map(async (job) => {
        const read = await tryCompleted(flow, '+jobDetail', datastoreId, job);
        return audit(flow, datastoreId, read);
      });
      jobs.push(...(await Promise.all(some)));
    }
    const { jobId: firstJobId = '', inputS3Uri, outputS3Uri } = newest;
    return {
      firstJobId,
      inputS3Uri,
      outputS3Uri,
      ...found,
      jobs,
      notAudited: completed.length - jobs.length,
      ...moreJobs,
    };
  });
}
