import type { WaitKind } from '../../pacing/pacing.ts';
import { pacingOf, type Polling } from '../../pacing/polling.ts';
import type { Verdict } from '../run/verdict.ts';
import { WORST_CLOCK_SKEW, derivedJobName, isOfThisRun, tokenFor, type Flow } from '../run/flow.ts';
import { pagesOf, type Page } from '../run/pages.ts';
import { namesake, startOnce, type Trace } from '../run/start-once.ts';
import { waitFor } from '../run/waiting.ts';

/** A job of either service, in the words that both share. */
export interface Job {
  jobId: string;
  status: string | undefined;
  jobName: string | undefined;
  submittedAt: string | undefined;
  message?: string | undefined;
}

/** What the services have names of their own for, by kind of job. */
export interface JobService<AnyJob extends Job> {
  kind: Extract<WaitKind, 'dicomJob' | 'fhirJob'>;
  /** The document's step that starts the job, and the one that polls it. */
  steps: { start: string; poll: string };
  /** The name and the token that the input gives the job. */
  jobName: string | undefined;
  clientToken: string | undefined;
  /** @returns the job's id */
  start(summary: string, budget: number, derived: { jobName: string; clientToken: string }): Promise<string>;
  list(summary: string, page: { jobName: string; nextToken: string | undefined }): Promise<Page<Job>>;
  describe(summary: string, budget: number, jobId: string): Promise<AnyJob>;
  classify(job: AnyJob): Verdict;
  counters?(job: AnyJob): Record<string, number> | undefined;
}

/** How a run goes about its job. */
export interface JobOptions<AnyJob extends Job> {
  /** A job that is running already: nothing is started. */
  jobId?: string | undefined;
  polling?: Polling | undefined;
  /** What the failure of a job should tell besides the service's message. */
  countsOfFailed?: (job: AnyJob) => Promise<object | undefined>;
}

/** HealthLake lets us ask by name. HealthImaging does not, nor does it say in which order it lists. */
const MOST_PAGES = 40;

/**
 * Starts a job once, or attaches to the one that the input names, and waits until it has ended well.
 *
 * @returns the job as it ended; `reusedJob` where the input's token has given back one that is older than the run
 * @throws ApplicationFailure of the classifier's type with the job's message and counts in the details, or `WaitTimedOut`
 */
export async function startAndAwait<AnyJob extends Job>(
  flow: Flow,
  service: JobService<AnyJob>,
  { jobId: attachTo, polling, countsOfFailed }: JobOptions<AnyJob>,
): Promise<{ job: AnyJob; reusedJob: boolean }> {
  const jobId = attachTo ?? (await start(flow, service, polling));
  flow.know({ jobId });
  flow.underWay = { awsJobId: jobId };
  const { read: job } = await waitFor(flow, {
    step: service.steps.poll,
    kind: service.kind,
    polling,
    ours: attachTo === undefined,
    read: (summary, budget) => service.describe(summary, budget, jobId),
    classify: (read) => service.classify(read),
    status: ({ status }) => status,
    counters: (read) => service.counters?.(read),
    explain: async (read) => {
      flow.underWay = undefined;
      return { awsMessage: read.message, counts: await countsOfFailed?.(read) };
    },
    timedOut: `; to go on waiting start again with the id of this job (${jobId}) in the input`,
  });
  flow.underWay = undefined;
  const reusedJob =
    attachTo === undefined &&
    service.clientToken !== undefined &&
    job.submittedAt !== undefined &&
    !isOfThisRun(job.submittedAt);
  if (reusedJob)
    flow.warn(`the client token of the input has given back job ${jobId}, which is older than this run`);
  return { job, reusedJob };
}

function start<AnyJob extends Job>(
  flow: Flow,
  service: JobService<AnyJob>,
  polling: Polling | undefined,
): Promise<string> {
  const step = service.steps.start;
  const jobName = service.jobName ?? derivedJobName();
  const derived = { jobName, clientToken: service.clientToken ?? tokenFor(step) };
  return startOnce(flow, {
    step,
    timeout: pacingOf(service.kind, polling).timeout,
    start: (budget) => service.start(step, budget, derived),
    trace: () => traceJob(service, jobName),
  });
}

/** Looks for the job of that name that was submitted since this run began. Only a derived name is surely our own. */
async function traceJob<AnyJob extends Job>(
  service: JobService<AnyJob>,
  jobName: string,
): Promise<Trace<string>> {
  const read = (summary: string, nextToken: string | undefined) =>
    service.list(summary, { jobName, nextToken });
  let perhaps: string | undefined;
  for await (const { items = [], nextToken } of pagesOf('+findJob', MOST_PAGES, read)) {
    for (const { jobId, jobName: name, submittedAt } of items) {
      if (name !== jobName || !isOfThisRun(submittedAt, WORST_CLOCK_SKEW)) continue;
      if (service.jobName === undefined && isOfThisRun(submittedAt)) return { kind: 'ours', made: jobId };
      perhaps = jobId;
    }
    if (nextToken === undefined && perhaps === undefined) return { kind: 'none' };
  }
  return perhaps === undefined
    ? { kind: 'perhaps', why: 'there are more jobs than can be listed' }
    : namesake(perhaps);
}
