import type { ImageSetsMetadataSummary } from '@aws-sdk/client-medical-imaging';
import type { Json } from '../../activities/operation.ts';
import { bytesOf } from '../../lib/size.ts';
import {
  audit,
  listCompleted,
  nextSubmittedBefore,
  readCompleted,
  tryCompleted,
  type AuditedImport,
} from './completed-imports.ts';
import { runFlow } from '../run/flow.ts';
import { searchImageSets, type ListedImageSets } from '../image-sets/search.ts';

/** Audits import jobs. */
export interface AuditJobs extends Pick<ListedImageSets, 'summaries'> {
  datastoreId: string;
  nextToken?: undefined;
  /** Only jobs that were submitted at this time or later: ISO 8601. */
  submittedAfter?: string;
  /** Only jobs that were submitted at this time or before: ISO 8601, such as the `nextSubmittedBefore` of a result. */
  submittedBefore?: string;
  /** Where the list of jobs goes on: the `jobsNextToken` of a result. */
  jobsNextToken?: string;
}

/** Instead of an audit: goes on with the list of image sets. */
export interface ListMoreImageSets extends Pick<ListedImageSets, 'summaries'> {
  datastoreId: string;
  /** The `nextToken` of a result. */
  nextToken: string;
  submittedAfter?: undefined;
  submittedBefore?: undefined;
  jobsNextToken?: undefined;
}

export type AuditCompletedImportsInput = AuditJobs | ListMoreImageSets;

export interface AuditCompletedImportsResult {
  /** The newest job, and where it had its files from and put its output; absent where no import has completed. */
  firstJobId?: string;
  inputS3Uri?: string | undefined;
  outputS3Uri?: string | undefined;
  imageSetsMetadataSummaries: Json<ImageSetsMetadataSummary>[];
  /** Where the list of image sets goes on, if it does. A run that is given it lists image sets, and audits nothing. */
  nextToken?: string;
  /** Newest first. */
  jobs: AuditedImport[];
  /** Completed jobs that were not opened up: beyond the newest 500, or beyond what a result can hold. */
  notAudited: number;
  /** The newest time at which one of those was submitted: `submittedBefore` of the run that is to go on with them. */
  nextSubmittedBefore?: string;
  /** There were more jobs than the 5,000 that were listed, and the newest may be among them: where the list goes on. */
  jobsNextToken?: string;
}

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
    const { audit: most } = flow.facts.rules;
    flow.know({ datastoreId });
    if (input.nextToken !== undefined) {
      return { ...(await searchImageSets(flow, 'searchImageSets', input)), jobs: [], notAudited: 0 };
    }
    const { completed, ...more } = await listCompleted(flow, 'listCompletedJobs', input);
    const [first, ...others] = completed.slice(0, most.jobs);
    if (!first) return { imageSetsMetadataSummaries: [], jobs: [], notAudited: 0, ...more };

    const newest = await readCompleted(flow, 'getJobDetail', datastoreId, first);
    const jobs = [await audit(flow, datastoreId, newest)];
    const found = await searchImageSets(flow, 'searchImageSets', input);

    let bytes = bytesOf(jobs);
    for (let from = 0; from < others.length; from += most.atOnce) {
      const some = others.slice(from, from + most.atOnce).map(async (job) => {
        const read = await tryCompleted(flow, '+jobDetail', datastoreId, job);
        return audit(flow, datastoreId, read);
      });
      const audited = await Promise.all(some);
      bytes += bytesOf(audited);
      if (bytes > most.bytes) break;
      jobs.push(...audited);
    }
    const { jobId: firstJobId = '', inputS3Uri, outputS3Uri } = newest;
    return {
      firstJobId,
      inputS3Uri,
      outputS3Uri,
      ...found,
      jobs,
      notAudited: completed.length - jobs.length,
      ...nextSubmittedBefore(completed[jobs.length]),
      ...more,
    };
  });
}
