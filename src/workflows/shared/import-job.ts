import { workflowInfo } from '@temporalio/workflow';
import type { ImportOutcome, ImportOutput } from '../../activities/import-outcome.ts';
import { pacingOf, type Polling } from '../../polling.ts';
import { files } from './activities.ts';
import type { Verdict } from './classify.ts';
import { flowFailure } from './failures.ts';
import { derivedJobName, tokenFor, type Flow } from './flow.ts';
import { startOnce } from './start-once.ts';
import { waitFor } from './waiting.ts';

/** What every import takes besides the service's own members. */
export interface ImportOptions {
  /**
   * What failed files mean. `report` (default): they are in the result, and only a job that imported nothing of what it
   * scanned fails. `fail`: any one fails the run. `ignore`: nothing is read from S3.
   */
  onFileErrors?: 'report' | 'fail' | 'ignore';
  /** How many failed files to name in the result: 0 (default) to 100. Names and messages often hold patient data. */
  listFailedFiles?: number;
  polling?: Polling;
}

/** What every import gives besides the document's outputs. */
export interface ImportResult extends Partial<Omit<ImportOutcome, 'outcome'>> {
  outcome: ImportOutcome['outcome'];
  /** The client token of the input gave back a job that is older than this run. */
  reusedJob?: true;
}

/** An import job in the words that both services share. */
export interface ImportJob {
  jobId: string;
  status: string | undefined;
  jobName: string | undefined;
  submittedAt: string | undefined;
  outputS3Uri?: string | undefined;
  message?: string | undefined;
}

/** What the two services have names of their own for. */
export interface ImportService<Job extends ImportJob> {
  name: ImportOutput['service'];
  datastoreId: string;
  /** The name that the input gives the job. */
  jobName: string | undefined;
  clientToken: string | undefined;
  /** @returns the job's id */
  start(summary: string, budget: number, derived: { jobName: string; clientToken: string }): Promise<string>;
  list(
    summary: string,
    budget: number,
    page: { jobName: string; nextToken: string | undefined },
  ): Promise<JobPage>;
  describe(summary: string, budget: number, jobId: string): Promise<Job>;
  classify(job: Job): Verdict;
  counters?(job: Job): Record<string, number> | undefined;
}

export interface JobPage {
  jobs: readonly ImportJob[];
  nextToken: string | undefined;
}

const READ_BUDGET = 10 * 60_000;
/** The services list the newest jobs first or let us ask by name: far enough back for a job of this run. */
const MOST_PAGES = 40;

/**
 * Starts an import job once, or attaches to the one that the input names, and waits until it has ended.
 *
 * @param jobId - a job that is running already: nothing is started
 * @returns the job as it ended, and what really happened to its files
 * @throws ApplicationFailure `ImportJobFailed` with the job's message and counts, or `WaitTimedOut`
 */
export async function importAndAwait<Job extends ImportJob>(
  flow: Flow,
  service: ImportService<Job>,
  { jobId: attachTo, ...options }: ImportOptions & { jobId?: string | undefined },
): Promise<{ job: Job; result: ImportResult }> {
  const jobId = attachTo ?? (await startImport(flow, service, options));
  flow.know({ jobId });
  flow.runningJob = jobId;
  const { read: job } = await waitFor(flow, {
    step: 'pollImportJob',
    kind: 'importJob',
    polling: options.polling,
    read: (summary, budget) => service.describe(summary, budget, jobId),
    classify: (read) => service.classify(read),
    status: ({ status }) => status,
    counters: (read) => service.counters?.(read),
    explain: async (read) => {
      flow.runningJob = undefined;
      const { counts } = await readOutcome(flow, service, read, options);
      return { why: read.message, counts };
    },
    timedOut: `; to go on waiting start again with the id of this job (${jobId}) in the input`,
  });
  flow.runningJob = undefined;
  const outcome = await readOutcome(flow, service, job, options);
  const reused = attachTo === undefined && service.clientToken !== undefined && !isOfThisRun(job);
  if (reused)
    flow.warn(`the client token of the input has given back job ${jobId}, which is older than this run`);
  return { job, result: { ...outcome, ...(reused && { reusedJob: true }) } };
}

/**
 * The last word on an import whose job has ended well in the service's eyes.
 *
 * @param result - what the flow is about to give; if it fails instead, this is in the failure's details
 * @throws ApplicationFailure `NothingImported` or `FilesFailed`, with counts and result
 */
export function judge<Result extends ImportResult>(
  result: Result,
  { onFileErrors = 'report' }: ImportOptions,
): Result {
  const { counts } = result;
  if (!counts) return result;
  const { scanned, imported } = counts;
  if (onFileErrors === 'report' && scanned > 0 && imported === 0) {
    throw flowFailure('NothingImported', `none of the ${scanned} scanned was imported`, { counts, result });
  }
  if (onFileErrors === 'fail' && imported < scanned) {
    throw flowFailure('FilesFailed', `${scanned - imported} of ${scanned} scanned were not imported`, {
      counts,
      result,
    });
  }
  return result;
}

function startImport<Job extends ImportJob>(
  flow: Flow,
  service: ImportService<Job>,
  { polling }: ImportOptions,
): Promise<string> {
  const step = 'startImportJob';
  const jobName = service.jobName ?? derivedJobName();
  const derived = { jobName, clientToken: service.clientToken ?? tokenFor(step) };
  return startOnce({
    tokenLife: flow.facts.tokenLife,
    timeout: pacingOf('importJob', polling).timeout,
    start: (budget) => service.start(step, budget, derived),
    // A job with a name that somebody chose may be somebody else's.
    adopt: service.jobName === undefined ? () => findJob(service, jobName) : undefined,
  });
}

/** The job of that name that was submitted since this run began: only this run would have given it that name. */
async function findJob<Job extends ImportJob>(service: ImportService<Job>, jobName: string) {
  let nextToken: string | undefined;
  for (let page = 1; page <= MOST_PAGES; page++) {
    const list = await service.list('+findJob', READ_BUDGET, { jobName, nextToken });
    const own = list.jobs.find((job) => job.jobName === jobName && isOfThisRun(job));
    nextToken = list.nextToken;
    if (own || nextToken === undefined) return own?.jobId;
  }
  return undefined;
}

function isOfThisRun({ submittedAt }: ImportJob): boolean {
  return submittedAt !== undefined && Date.parse(submittedAt) >= workflowInfo().startTime.getTime();
}

/** Opens up an import that has ended, by its manifest in S3; not a call to either service. */
async function readOutcome<Job extends ImportJob>(
  flow: Flow,
  { name: service, datastoreId }: ImportService<Job>,
  { jobId, outputS3Uri }: ImportJob,
  { onFileErrors, listFailedFiles = 0 }: ImportOptions,
): Promise<ImportResult> {
  if (onFileErrors === 'ignore' || outputS3Uri === undefined) return { outcome: 'unknown' };
  const { manifestWait } = flow.facts;
  const output = { service, outputS3Uri, datastoreId, jobId, listFailedFiles, manifestWait };
  return flow.read('+outcome', files.readImportOutcome, output, READ_BUDGET);
}
