import type { Sighting, SoughtJob } from '../../activities/find.ts';
import type { WaitKind } from '../../pacing/pacing.ts';
import type { Polling } from '../../pacing/polling.ts';
import type { Verdict } from '../run/verdict.ts';
import type { Flow } from '../run/flow.ts';
import { beforeThisRun, isOfThisRun, jobNameFor, tokenFor } from '../run/mark.ts';
import { foundOf, nothing, once } from '../run/once.ts';
import { waitFor } from '../run/waiting.ts';

/** A job of either service, in member names common to both. */
export interface Job {
  jobId: string;
  status: string | undefined;
  submittedAt: string | undefined;
  message?: string | undefined;
  /** What the service counts while the job runs, by its own names. */
  counters?: Record<string, number> | undefined;
}

/** The calls of one service for one kind of job. A run that attaches to a job starts none. */
export interface JobService<AnyJob extends Job> {
  kind: Extract<WaitKind, 'dicomJob' | 'fhirJob'>;
  datastoreId: string;
  /** The document's step that starts the job, and the one that polls it. */
  steps: { start: string; poll: string };
  /** The job's name and client token in the input. */
  jobName: string | undefined;
  clientToken: string | undefined;
  /** @returns the job's id */
  start(summary: string, budget: number, derived: { jobName: string; clientToken: string }): Promise<string>;
  find(summary: string, sought: SoughtJob): Promise<Sighting>;
  describe(summary: string, budget: number, jobId: string): Promise<AnyJob>;
  classify(job: AnyJob): Verdict;
}

export interface JobOptions<AnyJob extends Job> {
  /** A job that was started already: the run starts none and waits for this one. */
  jobId?: string | undefined;
  polling?: Polling | undefined;
  /** Counts for the details of the failure, beside the service's message. */
  countsOfFailed?: (job: AnyJob) => Promise<object | undefined>;
}

/**
 * Starts a job once, or attaches to the one that the input names, and waits until it has ended well.
 *
 * @returns the job as it ended; `reusedJob` where AWS returned, for the input's client token, a job older than the run
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
    counters: ({ counters }) => counters,
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
    !isOfThisRun(flow, job.submittedAt);
  if (reusedJob)
    flow.warn(`for the client token of the input AWS returned job ${jobId}, which is older than this run`);
  return { job, reusedJob };
}

function start<AnyJob extends Job>(
  flow: Flow,
  service: JobService<AnyJob>,
  polling: Polling | undefined,
): Promise<string> {
  const { kind, datastoreId, clientToken } = service;
  const step = service.steps.start;
  const jobName = service.jobName ?? jobNameFor(flow, clientToken);
  // Another run whose input has the same name or token gives its job the same name, so a job found by it may not be ours.
  const isShared = service.jobName !== undefined || clientToken !== undefined;
  const sought = { datastoreId, jobName, ...(isShared && { submittedAfter: beforeThisRun(flow) }) };
  const derived = { jobName, clientToken: clientToken ?? tokenFor(flow, step) };
  return once(flow, {
    step,
    kind,
    polling,
    guard: 'token',
    prepare: nothing,
    send: (_, budget) => service.start(step, budget, derived),
    find: async () => foundOf(await service.find('+findJob', sought), 'job', (jobId) => jobId),
    lag: flow.facts.listLag,
  });
}
