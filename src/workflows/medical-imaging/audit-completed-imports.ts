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
  /** The `jobsNextToken` of an earlier result, to continue its list of jobs. */
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
  /** The newest job, and the S3 URIs of its input and output. Absent if no import has completed. */
  firstJobId?: string;
  inputS3Uri?: string | undefined;
  outputS3Uri?: string | undefined;
  imageSetsMetadataSummaries: Json<ImageSetsMetadataSummary>[];
  /** Set where there are more image sets. A run with it in its input continues this list, and audits nothing. */
  nextToken?: string;
  /** Newest first. */
  jobs: AuditedImport[];
  /** How many completed jobs are left out: those beyond the newest 500, or beyond the size of a result. */
  notAudited: number;
  /** The latest submission time of those jobs: the `submittedBefore` for a run that audits them. */
  nextSubmittedBefore?: string;
  /** Set where there are more than the 5,000 jobs that were listed. The newest job may be among the others. */
  jobsNextToken?: string;
}

/**
 * Reads the output of every completed import job of a data store, newest first, because a job can be `COMPLETED` without every
 * file imported.
 *
 * @throws ApplicationFailure `ImportJobFailed` if the newest job is `COMPLETED` only in the list, `ValidationFailed`, or by the
 *   AWS exception's name
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
