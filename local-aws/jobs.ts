import { ServiceError } from './errors.ts';
import type { Table } from './table.ts';
import { past, phaseAt, type Phase, type Timeline } from './timeline.ts';
import type { World } from './world.ts';

export interface JobPhase<Status extends string> extends Phase {
  readonly status: Status;
  readonly message?: string | undefined;
}

/** A job of either service: a timeline, and the next piece of work with its time. */
export interface Job<Status extends string, Step extends string> extends Timeline<JobPhase<Status>> {
  readonly jobId: string;
  readonly due?: { readonly step: Step; readonly at: number } | undefined;
}

/** Thrown when a job as a whole fails; the message is what the service shows. */
export class JobFailure extends Error {}

/** Neither service names the states in which a job still goes on; these are they. */
export const isOpen = (status: string) => ['SUBMITTED', 'QUEUED', 'IN_PROGRESS'].includes(status);

/**
 * Does the slow part of a step and returns what makes its changes, in one go and without waiting.
 *
 * @throws JobFailure, or anything else, when the job as a whole fails
 */
export type StepWork<J> = (job: J) => Promise<() => J>;

/**
 * Does the work of jobs when it is due. What a step changes, the job's next step included, becomes durable in one commit:
 * after a SIGKILL a step either has happened or is done again from its beginning.
 */
export class JobRunner<J extends Job<string, string>> {
  readonly #world: World;
  readonly #table: Table<J>;
  readonly #steps: Readonly<Record<NonNullable<J['due']>['step'], StepWork<J>>>;
  readonly #onStep: () => void;

  /** @param onStep - called when a step has made its changes, before they are committed */
  constructor(
    world: World,
    table: Table<J>,
    steps: Readonly<Record<NonNullable<J['due']>['step'], StepWork<J>>>,
    onStep = () => {},
  ) {
    this.#world = world;
    this.#table = table;
    this.#steps = steps;
    this.#onStep = onStep;
  }

  put(job: J): void {
    this.#table.put(job.jobId, job);
    this.#enter(job);
  }

  /** Enters the work of all jobs in the agenda: after a restart, or when a test has arranged one. */
  resume(): void {
    for (const job of this.#table.values()) this.#enter(job);
  }

  #enter({ jobId, due }: J): void {
    if (due) this.#world.agenda.enter(jobId, due.at, () => this.#run(jobId));
    else this.#world.agenda.cancel(jobId);
  }

  async #run(jobId: string): Promise<void> {
    const job = this.#table.get(jobId);
    if (!job?.due) return;
    const step: NonNullable<J['due']>['step'] = job.due.step;
    const change = await this.#steps[step](job).catch((error: unknown) => () => failed(job, error));
    // A test may have arranged the job otherwise in the meantime.
    if (this.#table.get(jobId)?.due !== job.due) return;
    this.put(change());
    this.#onStep();
    await this.#world.store.commit();
  }
}

/** A job that has ended stays as it has ended, even if its outputs cannot be written later. */
function failed<J extends Job<string, string>>(job: J, error: unknown): J {
  // Of an error that is not the job's own, no more than that: it may quote what it failed on.
  const isOurs = error instanceof JobFailure || error instanceof ServiceError;
  const message = isOurs ? error.message : 'The job has failed. INTERNAL_ERROR.';
  const phases = isOpen(jobStatus(job).status) ? entering(job, 'FAILED', message) : job.phases;
  return { ...job, due: undefined, phases };
}

/** The phases of a job that comes to another state now, whatever was planned. */
export function entering<Status extends string>(
  job: Timeline<JobPhase<Status>>,
  status: Status,
  message?: string,
): JobPhase<Status>[] {
  const now = Date.now();
  return [...past(job, now), { from: now, status, message }];
}

export const jobStatus = <Status extends string>(job: Timeline<JobPhase<Status>>) => phaseAt(job, Date.now());

/** `<prefix>/<datastoreId>-<kind>-<jobId>/`: both services give every job a folder of its own. */
export const outputFolder = (prefix: string, datastoreId: string, kind: string, jobId: string) =>
  `${prefix.replace(/\/?$/, '/')}${datastoreId}-${kind}-${jobId}/`;
