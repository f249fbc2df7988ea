/** The activities that start, look at and record the jobs of a fleet of imports, many at once. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ApplicationFailure, cancellationSignal, heartbeat } from '@temporalio/activity';
import type { S3Client } from '@aws-sdk/client-s3';
import { recordOf } from '../../lib/guards.ts';
import { attempt } from '../operation.ts';
import type { ImportingService } from '../report-lines.ts';
import {
  allJobs,
  markOf,
  reasonOfFailure,
  type ImportJobs,
  type ImportOrder,
  type SeenJob,
} from './import-jobs.ts';
import type { Encryption, PlannedJob } from './plan-files.ts';
import { jobsAt } from './planned-jobs.ts';

/** Where a fleet's plan is. */
export interface PlanPlace extends Encryption {
  readonly planId: string;
  readonly planUri: string;
}

/** A try, as short as it can be written into a history. */
export type ShortTry = readonly [index: number, attempt: number];

export interface StartInput {
  readonly order: ImportOrder;
  readonly plan: PlanPlace;
  readonly tries: readonly ShortTry[];
  /** When the first one is due, in milliseconds since 1970, and how many milliseconds later each next one. */
  readonly firstAt: number;
  readonly every: number;
  /** The shortest time between two starts, also if they are late, in milliseconds. */
  readonly least: number;
  /** After this number of refused starts in a row, no further start is sent. */
  readonly stopAfter: number;
}

export interface StartAnswers {
  readonly started: [index: number, jobId: string][];
  /** AWS's ids of the requests that have started them. CloudTrail's events about these calls have the same ids. */
  readonly requestIds: string[];
  /** The tries whose request got no clear answer from the service: the job may have been started, or not. */
  readonly unknown: number[];
  /** The tries that the service has refused, with the name of its exception. */
  readonly rejected: [index: number, reason: string][];
  readonly throttled: boolean;
  /** Whether the service has refused a start because its quota of jobs is used up. */
  readonly full: boolean;
}

export interface LookInput {
  readonly order: ImportOrder;
  readonly plan: PlanPlace;
  readonly running: readonly (readonly [index: number, attempt: number, jobId: string])[];
  /** Tries that may have been started, and are looked for by their marks. */
  readonly lost: readonly ShortTry[];
}

export interface EndedImport {
  readonly index: number;
  readonly attempt: number;
  readonly jobId: string;
  readonly status: string;
  readonly reason?: string;
  readonly submittedAt?: string;
  readonly endedAt?: string;
}

export interface LookResult {
  readonly ended: readonly EndedImport[];
  readonly found: readonly { index: number; attempt: number; jobId: string }[];
  readonly absent: readonly number[];
}

export function runActivities(s3: S3Client, services: Readonly<Record<ImportingService, ImportJobs>>) {
  const jobsOf = ({ service }: ImportOrder) => services[service];
  /** When this worker started the last job of a plan, by the plan id. */
  const lastStarts = new Map<string, number>();
  return {
    /**
     * Starts jobs, each at its time. No further start is sent once the service has throttled one or its quota of jobs is used up, the
     * run is cancelled, or the worker shuts down.
     */
    startImports: (input: StartInput): Promise<StartAnswers> =>
      attempt('startImports', async () => {
        const planned = await jobsAt(
          s3,
          input.plan.planUri,
          input.tries.map(([index]) => index),
          cancellationSignal(),
        );
        return new StartBatch(jobsOf(input.order), input, planned, lastStarts).run();
      }),

    /** Finds out which jobs have ended. Only a Get says so: a list may not show a job yet, or not any more. */
    lookAtImports: ({ order, plan, running, lost }: LookInput): Promise<LookResult> =>
      attempt('lookAtImports', async () => {
        const jobs = jobsOf(order);
        const open = new Map<string, SeenJob>();
        for (const status of jobs.open) {
          for await (const job of allJobs(jobs, order, status, () => heartbeat())) open.set(job.jobId, job);
        }
        const ended: EndedImport[] = [];
        for (const [index, attempt, jobId] of running) {
          if (open.has(jobId)) continue;
          const job = await jobs.get(order, jobId);
          heartbeat();
          if (!jobs.open.includes(job.status)) ended.push({ index, attempt, ...endOf(job) });
        }
        if (lost.length === 0) return { ended, found: [], absent: [] };
        return { ended, ...(await lookFor(s3, jobs, order, plan, lost)) };
      }),
  };
}

export function endOf({
  jobId,
  status,
  message,
  submittedAt,
  endedAt,
}: SeenJob): Omit<EndedImport, 'index' | 'attempt'> {
  return {
    jobId,
    status,
    ...(status === 'FAILED' && { reason: reasonOfFailure(message) }),
    ...(submittedAt !== undefined && { submittedAt }),
    ...(endedAt !== undefined && { endedAt }),
  };
}

/** Looks for tries by their marks, in all statuses. */
async function lookFor(
  s3: S3Client,
  jobs: ImportJobs,
  order: ImportOrder,
  { planId, planUri }: PlanPlace,
  lost: readonly ShortTry[],
): Promise<Pick<LookResult, 'found' | 'absent'>> {
  const sought = new Map(
    lost.map(([index, attempt]) => [markOf(planId, index, attempt), { index, attempt }]),
  );
  const planned = await jobsAt(
    s3,
    planUri,
    lost.map(([index]) => index),
    cancellationSignal(),
  );
  const found: LookResult['found'][number][] = [];
  for await (const { name, jobId } of allJobs(jobs, order, undefined, () => heartbeat())) {
    const one = sought.get(name);
    if (one && (await isOurs(jobs, order, jobId, planned.get(one.index)?.prefix))) {
      found.push({ ...one, jobId });
      sought.delete(name);
    }
  }
  return { found, absent: [...sought.values()].map(({ index }) => index) };
}

/** Somebody else may have given a job a name that is one of our marks. Only a job with our input is ours. */
export async function isOurs(
  jobs: ImportJobs,
  order: ImportOrder,
  jobId: string,
  prefix: string | undefined,
): Promise<boolean> {
  const { inputS3Uri } = await jobs.get(order, jobId);
  return inputS3Uri === prefix;
}

/** How many starts may be without an answer at the same time. */
const MOST_IN_FLIGHT = 20;

class StartBatch {
  readonly #jobs: ImportJobs;
  readonly #input: StartInput;
  readonly #planned: ReadonlyMap<number, PlannedJob>;
  readonly #answers: { -readonly [Member in keyof StartAnswers]: StartAnswers[Member] } = {
    started: [],
    requestIds: [],
    unknown: [],
    rejected: [],
    throttled: false,
    full: false,
  };
  readonly #lastStarts: Map<string, number>;
  #rejections = 0;

  constructor(
    jobs: ImportJobs,
    input: StartInput,
    planned: ReadonlyMap<number, PlannedJob>,
    lastStarts: Map<string, number>,
  ) {
    this.#jobs = jobs;
    this.#input = input;
    this.#planned = planned;
    this.#lastStarts = lastStarts;
  }

  async run(): Promise<StartAnswers> {
    const { tries, firstAt, every } = this.#input;
    const inFlight = new Set<Promise<void>>();
    for (const [number, one] of tries.entries()) {
      await this.#turn(firstAt + number * every);
      while (inFlight.size >= MOST_IN_FLIGHT) await Promise.race(inFlight);
      if (this.#isStopped) break;
      const sending: Promise<void> = this.#send(one).finally(() => inFlight.delete(sending));
      inFlight.add(sending);
      heartbeat();
    }
    await Promise.all(inFlight);
    return this.#answers;
  }

  /** Waits until a start is due and does not follow too closely on the last one, which may be of another batch. */
  async #turn(due: number): Promise<void> {
    const { plan, least } = this.#input;
    const earliest = () => Math.max(due, (this.#lastStarts.get(plan.planId) ?? 0) + least);
    while (earliest() > Date.now() && !cancellationSignal().aborted) await until(earliest());
    this.#lastStarts.set(plan.planId, Date.now());
  }

  get #isStopped(): boolean {
    const { throttled, full } = this.#answers;
    return throttled || full || cancellationSignal().aborted || this.#rejections >= this.#input.stopAfter;
  }

  async #send([index, attempt]: ShortTry): Promise<void> {
    const { plan } = this.#input;
    const { prefix = '', pieces } = this.#planned.get(index) ?? {};
    // Copies are in a bucket of this account, whoever owns the originals.
    const order = { ...this.#input.order, ...(pieces && { inputOwnerAccountId: undefined }) };
    try {
      const mark = markOf(plan.planId, index, attempt);
      const { jobId, requestId } = await this.#jobs.start(order, prefix, mark);
      this.#answers.started.push([index, jobId]);
      if (requestId !== undefined) this.#answers.requestIds.push(requestId);
      this.#rejections = 0;
    } catch (error) {
      this.#note(index, error);
    }
  }

  #note(index: number, error: unknown): void {
    const { type, details } = error instanceof ApplicationFailure ? error : {};
    const { effect } = recordOf(details?.[0]);
    if (type === 'ServiceQuotaExceededException') this.#answers.full = true;
    // Throttled, or not sent at all: it is not in any list, so that it is sent again.
    else if (effect === 'refused') this.#answers.throttled = true;
    else if (effect === 'rejected' || effect === 'conflict') {
      this.#rejections += 1;
      this.#answers.rejected.push([index, type ?? 'UnknownError']);
    } else this.#answers.unknown.push(index);
  }
}

/** Sleeps in short pieces, so that the heartbeat does not time out while a start is a minute away. */
async function until(time: number): Promise<void> {
  for (let left = time - Date.now(); left > 0; left = time - Date.now()) {
    if (cancellationSignal().aborted) return;
    await sleep(Math.min(left, 1_000));
    heartbeat();
  }
}
