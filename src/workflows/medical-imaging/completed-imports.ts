import { isCancellation } from '@temporalio/workflow';
import type { DICOMImportJobSummary } from '@aws-sdk/client-medical-imaging';
import type { Json } from '../../activities/operation.ts';
import { bytesOf } from '../../lib/size.ts';
import { imaging } from '../run/activities.ts';
import { flowFailure, originOf } from '../run/failures.ts';
import type { Flow } from '../run/flow.ts';
import { isOfThisRun } from '../run/mark.ts';
import { readOutcome, unreadManifest, type ImportResult } from '../jobs/import-job.ts';
import { pagesOf } from '../run/pages.ts';

type ListedJob = Json<DICOMImportJobSummary>;

/** A job that is listed as completed, and what its own entry says of its files. */
interface CompletedJob extends ListedJob {
  inputS3Uri?: string | undefined;
  outputS3Uri?: string | undefined;
  /** Why its entry could not be read. */
  unread?: string;
}

/** One import that the service calls `COMPLETED`, and what became of its files. */
export interface AuditedImport {
  jobId: string;
  jobName: string | undefined;
  submittedAt: string | undefined;
  endedAt: string | undefined;
  outcome: ImportResult['outcome'];
  counts: ImportResult['counts'] | undefined;
  /** Where it is `unreadable`, the reason may be that of the job's own entry. */
  manifest: ImportResult['manifest'] | undefined;
  /** Failed files by the service's exception type. */
  byReason: Record<string, number> | undefined;
  /** Warnings of imported files by the service's warning type. */
  warningsByType: Record<string, number> | undefined;
}

/** Which completed imports are wanted. Times are ISO 8601, and part of the range. */
interface Wanted {
  datastoreId: string;
  submittedAfter?: string;
  submittedBefore?: string;
  /** Where the list goes on. */
  jobsNextToken?: string;
}

/**
 * The completed imports of a data store, newest first, and where the list goes on if there were more than are listed. The
 * service does not say in which order it lists, so that the newest are known only once all are.
 */
export async function listCompleted(flow: Flow, step: string, wanted: Wanted) {
  const { datastoreId, submittedAfter, submittedBefore, jobsNextToken: from } = wanted;
  const jobs: ListedJob[] = [];
  let jobsNextToken: string | undefined;
  const read = async (summary: string, nextToken: string | undefined) => {
    const request = { datastoreId, jobStatus: 'COMPLETED' as const, maxResults: 50, nextToken };
    const page = await flow.read(summary, imaging.listDICOMImportJobs, request);
    return { items: page.jobSummaries, nextToken: page.nextToken };
  };
  const { pages, listedBytes } = flow.facts.rules.audit;
  let bytes = 0;
  for await (const { items = [], nextToken } of pagesOf(step, pages, read, from)) {
    jobs.push(...items);
    jobsNextToken = nextToken;
    bytes += bytesOf(items);
    if (bytes > listedBytes) break;
  }
  // The service lists by status alone, so the range is cut out here.
  const earliest = submittedAfter === undefined ? -Infinity : Date.parse(submittedAfter);
  const latest = submittedBefore === undefined ? Infinity : Date.parse(submittedBefore);
  const completed = jobs
    .filter((job) => timeOf(job) >= earliest && timeOf(job) <= latest)
    .toSorted((a, b) => timeOf(b) - timeOf(a));
  return { completed, ...(jobsNextToken !== undefined && { jobsNextToken }) };
}

/** When a job was submitted, in milliseconds since 1970; where the service does not say, when it ended. */
const timeOf = ({ submittedAt, endedAt }: ListedJob) => Date.parse(submittedAt ?? endedAt ?? '') || 0;

/**
 * From where on jobs are still to be audited. The time of the first that is left, and not of the last that is done: of
 * two that were submitted at the same time neither is passed over.
 */
export const nextSubmittedBefore = (left: ListedJob | undefined) =>
  left && { nextSubmittedBefore: new Date(timeOf(left)).toISOString() };

/** @throws ApplicationFailure `ImportJobFailed` for a job that is completed in the list alone */
export async function readCompleted(
  flow: Flow,
  step: string,
  datastoreId: string,
  job: ListedJob,
): Promise<CompletedJob> {
  const { jobId = '' } = job;
  const reply = await flow.read(step, imaging.getDICOMImportJob, { datastoreId, jobId });
  const { jobProperties } = reply;
  const jobStatus = jobProperties?.jobStatus;
  if (jobStatus === 'COMPLETED') return { ...job, ...jobProperties, jobId };
  throw flowFailure('ImportJobFailed', `job ${jobId} is ${jobStatus}, though it is listed as completed`);
}

/** The same, where what goes wrong is a line of the audit and not its end. */
export async function tryCompleted(
  flow: Flow,
  step: string,
  datastoreId: string,
  job: ListedJob,
): Promise<CompletedJob> {
  try {
    return await readCompleted(flow, step, datastoreId, job);
  } catch (error) {
    if (isCancellation(error)) throw error;
    return { ...job, unread: originOf(error)?.message ?? 'unknown' };
  }
}

/** What became of the files of an import, by its manifest. */
export async function audit(
  flow: Flow,
  datastoreId: string,
  { jobId = '', jobName, submittedAt, endedAt, outputS3Uri, unread }: CompletedJob,
): Promise<AuditedImport> {
  const read = () =>
    readOutcome(
      flow,
      { service: 'medical-imaging', datastoreId, jobId, outputS3Uri },
      {},
      // A manifest of long ago is not late: it is gone.
      { manifestWait: isOfThisRun(flow, endedAt) ? flow.facts.manifestWait : 0, withImageSets: false },
    );
  const unknown: ImportResult = { outcome: 'unknown', ...unreadManifest('', unread ?? '') };
  const { outcome, counts, manifest, failures, warnings } = unread === undefined ? await read() : unknown;
  const job = { jobId, jobName, submittedAt, endedAt };
  return {
    ...job,
    outcome,
    counts,
    manifest,
    byReason: failures?.byReason,
    warningsByType: warnings?.byType,
  };
}
