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

/** A job from the list, with what GetDICOMImportJob adds. */
interface CompletedJob extends ListedJob {
  inputS3Uri?: string | undefined;
  outputS3Uri?: string | undefined;
  /** Why GetDICOMImportJob failed. */
  unread?: string;
}

/** One import job whose status is `COMPLETED`, and what its manifest says about its files. */
export interface AuditedImport {
  jobId: string;
  jobName: string | undefined;
  submittedAt: string | undefined;
  endedAt: string | undefined;
  outcome: ImportResult['outcome'];
  counts: ImportResult['counts'] | undefined;
  /** Where it is `unreadable`, the reason may be that GetDICOMImportJob failed. */
  manifest: ImportResult['manifest'] | undefined;
  /** Failed files by the service's exception type. */
  byReason: Record<string, number> | undefined;
  /** Warnings of imported files by the service's warning type. */
  warningsByType: Record<string, number> | undefined;
}

/** Which completed imports to list. Times are ISO 8601, and inclusive. */
interface Wanted {
  datastoreId: string;
  submittedAfter?: string;
  submittedBefore?: string;
  /** The token of the page to begin with. */
  jobsNextToken?: string;
}

/**
 * The completed imports of a data store, newest first, and the token of the next page if there are more pages than are read.
 * HealthImaging documents no order of its list, so the run reads all pages before it can tell the newest.
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
  // The service filters by status only, so the run filters by time.
  const earliest = submittedAfter === undefined ? -Infinity : Date.parse(submittedAfter);
  const latest = submittedBefore === undefined ? Infinity : Date.parse(submittedBefore);
  const completed = jobs
    .filter((job) => timeOf(job) >= earliest && timeOf(job) <= latest)
    .toSorted((a, b) => timeOf(b) - timeOf(a));
  return { completed, ...(jobsNextToken !== undefined && { jobsNextToken }) };
}

/** When a job was submitted, or else ended, in milliseconds since 1970. */
const timeOf = ({ submittedAt, endedAt }: ListedJob) => Date.parse(submittedAt ?? endedAt ?? '') || 0;

/**
 * The end of the time range for the next audit. It is the time of the first job that this audit has left out, not of the
 * last one that it has read, so that of two jobs submitted at the same time neither is missed.
 */
export const nextSubmittedBefore = (left: ListedJob | undefined) =>
  left && { nextSubmittedBefore: new Date(timeOf(left)).toISOString() };

/** @throws ApplicationFailure `ImportJobFailed` for a job that the list shows as completed, and GetDICOMImportJob does not */
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

/** Like `readCompleted`, but a failure becomes part of the audit instead of ending it. */
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

/** Reads the manifest and the reports of one job. */
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
      // A manifest that is missing long after the job has ended does not come any more.
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
