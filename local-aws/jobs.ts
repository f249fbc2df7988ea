import { ServiceError } from './errors.ts';
import type { Table } from './table.ts';
import { past, phaseAt, type Phase, type Timeline } from './timeline.ts';
import type { World } from './world.ts';

export interface JobPhase<Status extends string> extends Phase {
  readonly status: Status;
  readonly message?: string | undefined;
}

/** A job of either service: its states with their times, and the next step of its work with the time at which it is due. */
export interface Job<Status extends string, Step extends string> extends Timeline<JobPhase<Status>> {
  readonly jobId: string;
  readonly due?: { readonly step: Step; readonly at: number } | undefined;
}

/** Thrown when a job as a whole fails; the message is what the service shows. */
export class JobFailure extends Error {}

/** Whether a job has not ended yet, in the states of either service. */
export const isOpen = (status: string) => ['SUBMITTED', 'QUEUED', 'IN_PROGRESS'].includes(status);

/**
 * The jobs of a data store that have not ended, or have work to do. An index finds them, because a data store has many jobs and
 * few of these, and every start of a job looks at them.
 */
export const unendedJobsOf = <J extends StoreJob>(table: Table<J>, datastoreId: string): Iterable<J> =>
  table
    .index('unended', (job) => (job.due || isOpen(job.phases.at(-1)?.status ?? '') ? [job.datastoreId] : []))
    .get(datastoreId);

type StoreJob = Job<string, string> & { readonly datastoreId: string };

/**
 * Does the slow part of a step, and returns a function that makes its changes. That function is synchronous, so that no call sees
 * half of the changes.
 *
 * @throws JobFailure, or anything else, when the job as a whole fails
 */
export type StepWork<J> = (job: J) => Promise<() => J>;

/**
 * Does the work of jobs when it is due. All changes of a step, and the job's next step, become durable in one commit: after a
 * SIGKILL a step either has happened or is done again from its beginning.
 */
export class JobRunner<J extends Job<string, string>> {
  readonly #world: World;
  readonly #table: Table<J>;
  readonly #steps: Readonly<Record<NonNullable<J['due']>['step'], StepWork<J>>>;
  readonly #onStep: (job: J) => void;

  /** @param onStep - called when a step has made its changes, before they are committed */
  constructor(
    world: World,
    table: Table<J>,
    steps: Readonly<Record<NonNullable<J['due']>['step'], StepWork<J>>>,
    onStep: (job: J) => void = () => {},
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

  /** Schedules the work of all jobs: after a restart, or when a test has changed the state of a job. */
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
    // A test may have changed the job in the meantime, by `arrange` for example. The result of this step is then dropped.
    if (this.#table.get(jobId)?.due !== job.due) return;
    this.put(change());
    this.#onStep(job);
    await this.#world.store.commit();
  }
}

/**
 * The job after an error in a step. A job that has already ended keeps its status, even if its output files cannot be written.
 */
function failed<J extends Job<string, string>>(job: J, error: unknown): J {
  // The message of any other error is not shown, because it may quote patient data.
  const isOurs = error instanceof JobFailure || error instanceof ServiceError;
  const message = isOurs ? error.message : 'The job has failed. INTERNAL_ERROR.';
  const phases = isOpen(jobStatus(job).status) ? entering(job, 'FAILED', message) : job.phases;
  return { ...job, due: undefined, phases };
}

/** The phases of a job that enters another state now. The phases that were planned for later are dropped. */
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
