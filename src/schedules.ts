import {
  type Client,
  type ScheduleDescription,
  type ScheduleExecutionResult,
  type ScheduleHandle,
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
  isGrpcDeadlineError,
} from '@temporalio/client';
import { optionalDateToTs, tsToDate } from '@temporalio/common/lib/time.js';
import { dropWaitingFirings } from './schedules/backfills.ts';
import { canonicalJson } from './lib/canonical-json.ts';
import { documentName } from './lib/document-name.ts';
import { scheduleProblems, type RecurringFlow } from './input-rules/recurring-import.ts';
import { refuse } from './input-rules/workflows.ts';
import { toMilliseconds, type Duration } from './pacing/polling.ts';
import { UserError } from './lib/user-error.ts';
import type { RecurringImportInput, RecurringImportOf } from './workflows/recurring-import.ts';

/** By a clock: five fields such as `0 2 * * *`, or `@daily`; by the clock of `timeZone`. */
interface ByTheClock {
  cron: string;
  every?: undefined;
}

/** By an interval, counted from 1970. */
interface ByInterval {
  every: Duration;
  cron?: undefined;
}

/** A recurring import as Temporal has it, whoever made its schedule. */
export interface ScheduledImport<Flow extends RecurringFlow = RecurringFlow> extends RecurringImportOf<Flow> {
  cron?: string | undefined;
  every?: Duration | undefined;
  /** Each firing comes late by up to this much, so that not all schedules fire at once. */
  jitter?: Duration;
  overlap?: ScheduleOverlapPolicy;
  catchupWindow?: Duration;
  pauseOnFailure?: boolean;
}

/** A recurring import: what is imported, when, and by which policies. */
export type RecurringImport<Flow extends RecurringFlow = RecurringFlow> = ScheduledImport<Flow> &
  (ByTheClock | ByInterval);

/**
 * Whether a value of unknown shape, such as one read from a file, is a recurring import: what `Schedules.ensure` takes.
 * `scheduleProblems` says what is wrong where it is not.
 */
export function isRecurringImport(value: unknown): value is RecurringImport {
  return scheduleProblems(value).length === 0;
}

/**
 * What holds where a schedule does not say otherwise.
 *
 * - A firing that falls into a longer one is made after it: skipped, a day would be missing. Only one waits so: where
 *   another waits already, as amid a backfill, Temporal skips it and counts it (`skippedByOverlap`).
 * - After an outage only the firings of the last hour are made up for; by the engine's default it would be a year's, all
 *   at once. The others are backfilled when somebody has decided so.
 * - One failed night is no reason to import nothing on the next.
 */
export const SCHEDULE_DEFAULTS = {
  timeZone: 'UTC',
  jitter: '1 minute',
  overlap: ScheduleOverlapPolicy.BUFFER_ONE,
  catchupWindow: '1 hour',
  pauseOnFailure: false,
} as const satisfies Partial<ScheduledImport>;

/** Each takes up to ten seconds of the server's. */
const DESCRIBED_AT_MOST = 6;

export interface Ensured {
  outcome: 'created' | 'updated' | 'unchanged';
  /** The members that were different; those of the flow's input as `input.…`. */
  changed: string[];
}

export interface Firing {
  scheduledAt: Date;
  startedAt: Date;
  workflowId: string;
  runId: string;
}

/** What Temporal tells of a schedule. Durations are in milliseconds. */
export interface ScheduleStatus {
  scheduleId: string;
  recurringImport: ScheduledImport;
  taskQueue: string;
  paused: boolean;
  note: string;
  next: Date[];
  recent: Firing[];
  /** The ids of the runs that are going on. */
  running: string[];
  /** How many firings wait for that; of a long backfill the next 500. Pausing does not stop those that were asked for. */
  waiting: number;
  counts: { fired: number; missedByOutage: number; skippedByOverlap: number };
}

/** A line of the list: what Temporal knows of a schedule without looking at it. May lag by a second. */
export type ScheduleLine = Pick<ScheduleStatus, 'scheduleId' | 'paused' | 'note' | 'next' | 'recent'>;

/**
 * The schedules of recurring imports. Plain Temporal schedules of the workflow `recurringImport`: the Web UI and
 * `temporal schedule` show and manage them too.
 *
 * All but `ensure` and `delete` throw `ScheduleNotFoundError` for an id that is none.
 */
export class Schedules {
  constructor(
    readonly temporal: Client,
    readonly taskQueue: string,
  ) {}

  /**
   * Has a schedule be as it is said here: creates it, changes it, or leaves it alone. Whether it is paused stays as it is.
   *
   * One that is right is not touched, as an update makes Temporal forget the firings that it was about to make up for.
   *
   * @throws ApplicationFailure `ValidationFailed` with all problems; nothing was made or changed
   */
  async ensure<Flow extends RecurringFlow>(
    scheduleId: string,
    recurringImport: RecurringImport<Flow>,
  ): Promise<Ensured> {
    refuse(`schedule ${scheduleId}`, scheduleProblems(recurringImport));
    const wanted = withDefaults(recurringImport);
    const options = optionsOf(scheduleId, this.taskQueue, wanted);
    try {
      const present = await this.#lookUp(scheduleId);
      if (!present) {
        await this.temporal.schedule.create({ scheduleId, ...options });
        return { outcome: 'created', changed: [] };
      }
      const { recurringImport: is, taskQueue } = this.#status(present);
      const changed = differences({ ...is, taskQueue }, { ...wanted, taskQueue: this.taskQueue });
      if (changed.length === 0) return { outcome: 'unchanged', changed };
      await this.#handle(scheduleId).update(({ state, typedSearchAttributes }) => ({
        ...options,
        state,
        typedSearchAttributes,
      }));
      return { outcome: 'updated', changed };
    } catch (error) {
      if (isWithoutAction(error)) {
        // A process that died while it stopped a backfill has left it so.
        await this.#handle(scheduleId).delete();
        return this.ensure(scheduleId, recurringImport);
      }
      // Somebody else was faster: then it is there now.
      if (error instanceof ScheduleAlreadyRunning) return this.ensure(scheduleId, recurringImport);
      // The SDK's word for a timetable that the server cannot read.
      if (error instanceof TypeError) refuse(`schedule ${scheduleId}`, [timetableProblem(error)]);
      throw error;
    }
  }

  async describe(scheduleId: string): Promise<ScheduleStatus> {
    return this.#status(await this.#describe(scheduleId));
  }

  async list(): Promise<ScheduleLine[]> {
    const lines: ScheduleLine[] = [];
    for await (const { scheduleId, action, state, info } of this.temporal.schedule.list()) {
      if (action?.workflowType !== 'recurringImport') continue;
      const { paused, note = '' } = state;
      lines.push({
        scheduleId,
        paused,
        note,
        next: info.nextActionTimes,
        recent: info.recentActions.map(toFiring),
      });
    }
    return lines;
  }

  /**
   * No firing by the clock until `resume`. Runs that are going on go on, and so does a backfill: `stopBackfill` ends that.
   */
  pause(scheduleId: string, note = 'paused'): Promise<void> {
    return this.#ask(scheduleId, (schedule) => schedule.pause(note));
  }

  resume(scheduleId: string, note = 'resumed'): Promise<void> {
    return this.#ask(scheduleId, (schedule) => schedule.unpause(note));
  }

  /**
   * One firing now, or as soon as those have ended that are going on or due. (The SDK's default runs all at once; with
   * `BUFFER_ONE` one that is asked for amid a backfill would be dropped without a word.)
   */
  trigger(scheduleId: string): Promise<void> {
    return this.#ask(scheduleId, (schedule) => schedule.trigger(ScheduleOverlapPolicy.BUFFER_ALL));
  }

  /**
   * Makes all firings that fall between two times, these included, one after the other: of five backfilled at once the
   * default policy runs one.
   *
   * @param confirm - is shown when they would be made, jitter included; where it says no, none is
   * @returns how many are made
   * @throws ApplicationFailure `ValidationFailed` for a range that is none, or holds more than 100,000 firings
   */
  async backfill(
    scheduleId: string,
    { from, to }: { from: Date; to: Date },
    confirm: (firings: Date[]) => boolean | Promise<boolean> = () => true,
  ): Promise<number> {
    refuse(`backfill of ${scheduleId}`, rangeProblems(from, to));
    // To Temporal the start is exclusive, in whole seconds.
    const start = new Date(from.getTime() - 1_000);
    const end = await this.#endAfter(scheduleId, to);
    const firings = await this.#firingsBetween(scheduleId, start, end);
    if (firings.length === 0 || !(await confirm(firings))) return 0;
    const range = { start, end, overlap: ScheduleOverlapPolicy.BUFFER_ALL };
    await this.#ask(scheduleId, (schedule) => schedule.backfill(range));
    return firings.length;
  }

  /**
   * Ends a backfill that is under way: drops all firings that wait for another to end. The one that is going on goes on.
   *
   * @returns how many were dropped; of a long backfill no more than the next 500 are counted
   */
  async stopBackfill(scheduleId: string): Promise<number> {
    await this.#describe(scheduleId);
    return dropWaitingFirings(this.temporal, scheduleId);
  }

  /** @returns whether there was one; runs that are going on go on */
  async delete(scheduleId: string): Promise<boolean> {
    if (!(await this.#lookUp(scheduleId))) return false;
    await this.#handle(scheduleId).delete();
    return true;
  }

  #handle(scheduleId: string): ScheduleHandle {
    return this.temporal.schedule.getHandle(scheduleId);
  }

  /**
   * Asks something of a schedule, and waits until it has taken it.
   *
   * Of all that is asked before a schedule looks (Server 1.29), it does the last and forgets the others: a trigger right
   * after a backfill would undo the backfill. What it is asked it has taken once it answers the next question.
   */
  async #ask(scheduleId: string, request: (schedule: ScheduleHandle) => Promise<void>): Promise<void> {
    await this.#describe(scheduleId);
    await request(this.#handle(scheduleId));
    await this.#describe(scheduleId).catch((cause: unknown) => {
      const why = 'was told so, but has not answered since. Look at it before you repeat it.';
      throw new UserError(`${scheduleId} ${why}`, { cause });
    });
  }

  /**
   * What Temporal has of a schedule of ours; one that starts something else is refused, whatever is wanted of it.
   *
   * Asks again where a busy server takes longer over the answer than it allows itself.
   */
  async #describe(scheduleId: string): Promise<ScheduleDescription> {
    for (let tries = 1; ; tries++) {
      try {
        return ours(await this.#handle(scheduleId).describe());
      } catch (error) {
        if (!isGrpcDeadlineError(error) || tries === DESCRIBED_AT_MOST) throw error;
      }
    }
  }

  async #lookUp(scheduleId: string): Promise<ScheduleDescription | undefined> {
    try {
      return await this.#describe(scheduleId);
    } catch (error) {
      if (error instanceof ScheduleNotFoundError) return undefined;
      throw error;
    }
  }

  #status(description: ScheduleDescription): ScheduleStatus {
    const { scheduleId, action, state, info } = description;
    return {
      scheduleId,
      recurringImport: recurringImportOf(description),
      taskQueue: action.taskQueue,
      paused: state.paused,
      note: state.note ?? '',
      next: info.nextActionTimes,
      recent: info.recentActions.map(toFiring),
      running: info.runningActions.map(({ workflow }) => workflow.workflowId),
      waiting: Number(description.raw.info?.bufferSize ?? 0),
      counts: {
        fired: info.numActionsTaken,
        missedByOutage: info.numActionsMissedCatchupWindow,
        skippedByOverlap: info.numActionsSkippedOverlap,
      },
    };
  }

  /**
   * The time up to which Temporal has to look for firings that are scheduled until `to`.
   *
   * It goes by when they are made, jitter included. Jitter never carries a firing beyond the next one, so just before
   * the next one is late enough for all, and too early for more.
   */
  async #endAfter(scheduleId: string, to: Date): Promise<Date> {
    const { jitter = 0 } = (await this.describe(scheduleId)).recurringImport;
    const latest = new Date(to.getTime() + toMilliseconds(jitter));
    const later = (await this.#firingsBetween(scheduleId, to, latest)).find((firing) => firing > to);
    return later ? new Date(later.getTime() - 1) : latest;
  }

  /** When firings are made, jitter included. */
  async #firingsBetween(scheduleId: string, start: Date, end: Date): Promise<Date[]> {
    const firings: Date[] = [];
    for (;;) {
      const { startTime } = await this.temporal.workflowService.listScheduleMatchingTimes({
        namespace: this.temporal.options.namespace,
        scheduleId,
        startTime: optionalDateToTs(firings.at(-1) ?? start) ?? null,
        endTime: optionalDateToTs(end) ?? null,
      });
      firings.push(...startTime.map(tsToDate));
      if (firings.length > MOST_FIRINGS) refuse(`backfill of ${scheduleId}`, [TOO_MANY]);
      // The server lists so many at a time, and says nothing of the others.
      if (startTime.length < 1_000) return firings;
    }
  }
}

function ours(description: ScheduleDescription): ScheduleDescription {
  const { scheduleId, action } = description;
  if (action.workflowType !== 'recurringImport') {
    const rule = `starts ${action.workflowType} and is not ours`;
    refuse(`schedule ${scheduleId}`, [{ member: 'it', rule }]);
  }
  return description;
}

/** A recurring import with every default in it, and its durations in milliseconds: as Temporal gives it back. */
function withDefaults(given: RecurringImport): ScheduledImport {
  const all = { ...SCHEDULE_DEFAULTS, ...given };
  return {
    ...all,
    ...(all.every !== undefined && { every: toMilliseconds(all.every) }),
    jitter: toMilliseconds(all.jitter),
    catchupWindow: toMilliseconds(all.catchupWindow),
  };
}

/** What Temporal is told. {@link recurringImportOf} is the way back. */
function optionsOf(scheduleId: string, taskQueue: string, recurringImport: ScheduledImport) {
  const { cron, every, jitter = 0, overlap, catchupWindow = 0, pauseOnFailure, ...input } = recurringImport;
  const { timeZone = 'UTC' } = input;
  return {
    spec: {
      // Temporal keeps calendars, not their text. The comment survives: by it the text is known again.
      ...(cron !== undefined && { cronExpressions: [`${cron}#${cron}`] }),
      ...(every !== undefined && { intervals: [{ every }] }),
      jitter,
      timezone: timeZone,
    },
    action: {
      type: 'startWorkflow',
      workflowType: 'recurringImport',
      args: [input],
      taskQueue,
      // Temporal appends the time.
      workflowId: scheduleId,
      staticSummary: `${documentName(input.flow)} · schedule ${scheduleId}`,
    },
    policies: { ...(overlap && { overlap }), catchupWindow, pauseOnFailure: pauseOnFailure ?? false },
  } as const;
}

/** The recurring import that a schedule makes, whoever made the schedule. */
function recurringImportOf({ action, spec, policies }: ScheduleDescription): ScheduledImport {
  const [input] = (action.args ?? []) as [RecurringImportInput];
  const cron = spec.calendars?.map(({ comment, ...calendar }) => comment || JSON.stringify(calendar));
  const every = spec.intervals?.map((interval) => interval.every);
  return {
    ...input,
    ...(cron?.length && { cron: cron.join('; ') }),
    ...(every?.[0] !== undefined && { every: every[0] }),
    timeZone: spec.timezone || 'UTC',
    jitter: spec.jitter ?? 0,
    overlap: policies.overlap,
    catchupWindow: policies.catchupWindow,
    pauseOnFailure: policies.pauseOnFailure,
  };
}

type Facts = ScheduledImport & { taskQueue: string };

/** The members in which two recurring imports differ. */
function differences(is: Facts, wanted: Facts): string[] {
  const [before, after] = [flatten(is), flatten(wanted)];
  const members = new Set([...before.keys(), ...after.keys()]);
  return [...members].filter((member) => before.get(member) !== after.get(member));
}

function flatten({ input, ...others }: Facts): Map<string, string> {
  const members = Object.entries(others);
  const inputs = Object.entries(input).map(([name, value]) => [`input.${name}`, value]);
  return new Map(
    [...members, ...inputs].flatMap(([name, value]) =>
      value === undefined ? [] : [[String(name), canonicalJson(value)] as const],
    ),
  );
}

function toFiring({ scheduledAt, takenAt, action }: ScheduleExecutionResult): Firing {
  const { workflowId, firstExecutionRunId: runId } = action.workflow;
  return { scheduledAt, startedAt: takenAt, workflowId, runId };
}

function timetableProblem({ message }: TypeError) {
  return { member: 'cron, every or timeZone', rule: `is not understood: ${message}` };
}

/** The SDK's word for it; see {@link dropWaitingFirings}. */
const isWithoutAction = (error: unknown) =>
  error instanceof TypeError && error.message === 'Unsupported schedule action';

/** More than a decade of hours: a year that is mistyped would have the server list firings for minutes. */
const MOST_FIRINGS = 100_000;
const TOO_MANY = { member: 'it', rule: `must not hold more than ${MOST_FIRINGS} firings` };

function rangeProblems(from: Date, to: Date) {
  if (!(from <= to)) return [{ member: 'from', rule: 'must not be later than to' }];
  return to > new Date() ? [{ member: 'to', rule: 'must not lie in the future' }] : [];
}
