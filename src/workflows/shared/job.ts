import { workflowInfo } from '@temporalio/workflow';
import { pacingOf, type Polling } from '../../polling.ts';
import type { Verdict } from './classify.ts';
import { derivedJobName, tokenFor, type Flow } from './flow.ts';
import { startOnce } from './start-once.ts';
import { waitFor } from './waiting.ts';

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
  /** The document's step that starts the job, and the one that polls it. */
  steps: { start: string; poll: string };
  /** The name and the token that the input gives the job. */
  jobName: string | undefined;
  clientToken: string | undefined;
  /** @returns the job's id */
  start(summary: string, budget: number, derived: { jobName: string; clientToken: string }): Promise<string>;
  list(
    summary: string,
    budget: number,
    page: { jobName: string; nextToken: string | undefined },
  ): Promise<JobPage>;
  describe(summary: string, budget: number, jobId: string): Promise<AnyJob>;
  classify(job: AnyJob): Verdict;
  counters?(job: AnyJob): Record<string, number> | undefined;
}

export interface JobPage {
  jobs: readonly Job[];
  nextToken: string | undefined;
}

/** How a run goes about its job. */
export interface JobOptions<AnyJob extends Job> {
  /** A job that is running already: nothing is started. */
  jobId?: string | undefined;
  polling?: Polling | undefined;
  /** What the failure of a job should tell besides the service's message. */
  countsOfFailed?(job: AnyJob): Promise<object | undefined>;
}

const READ_BUDGET = 10 * 60_000;
/** The services list the newest jobs first or let us ask by name: far enough back for a job of this run. */
const MOST_PAGES = 40;

/**
 * Starts a job once, or attaches to the one that the input names, and waits until it has ended well.
 *
 * @returns the job as it ended; `reusedJob` where the input's token has given back one that is older than the run
 * @throws ApplicationFailure of the classifier's type with the job's message and counts, or `WaitTimedOut`
 */
export async function startAndAwait<AnyJob extends Job>(
  flow: Flow,
  service: JobService<AnyJob>,
  { jobId: attachTo, polling, countsOfFailed }: JobOptions<AnyJob>,
): Promise<{ job: AnyJob; reusedJob: boolean }> {
  const jobId = attachTo ?? (await start(flow, service, polling));
  flow.know({ jobId });
  flow.runningJob = jobId;
  const { read: job } = await waitFor(flow, {
    step: service.steps.poll,
    kind: 'job',
    polling,
    read: (summary, budget) => service.describe(summary, budget, jobId),
    classify: (read) => service.classify(read),
    status: ({ status }) => status,
    counters: (read) => service.counters?.(read),
    explain: async (read) => {
      flow.runningJob = undefined;
      return { why: read.message, counts: await countsOfFailed?.(read) };
    },
    timedOut: `; to go on waiting start again with the id of this job (${jobId}) in the input`,
  });
  flow.runningJob = undefined;
  const reusedJob = attachTo === undefined && service.clientToken !== undefined && !isOfThisRun(job);
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
  return startOnce({
    tokenLife: flow.facts.tokenLife,
    timeout: pacingOf('job', polling).timeout,
    start: (budget) => service.start(step, budget, derived),
    // A job with a name that somebody chose may be somebody else's.
    adopt: service.jobName === undefined ? () => findJob(service, jobName) : undefined,
  });
}

/** The job of that name that was submitted since this run began: only this run would have given it that name. */
async function findJob<AnyJob extends Job>(service: JobService<AnyJob>, jobName: string) {
  let nextToken: string | undefined;
  for (let page = 1; page <= MOST_PAGES; page++) {
    const list = await service.list('+findJob', READ_BUDGET, { jobName, nextToken });
    const own = list.jobs.find((job) => job.jobName === jobName && isOfThisRun(job));
    nextToken = list.nextToken;
    if (own || nextToken === undefined) return own?.jobId;
  }
  return undefined;
}

function isOfThisRun({ submittedAt }: Job): boolean {
  return submittedAt !== undefined && Date.parse(submittedAt) >= workflowInfo().startTime.getTime();
}
