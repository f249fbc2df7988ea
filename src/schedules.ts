import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Client,
  type ScheduleDescription,
  type ScheduleHandle,
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
} from '@temporalio/client';
import { scheduleProblems, type RecurringFlow } from './input-rules/recurring-import.ts';
import { refuse } from './input-rules/workflows.ts';
import { UserError } from './lib/user-error.ts';
import { dropWaitingFirings } from './schedules/backfills.ts';
import { assertRange, backfillRange } from './schedules/firings.ts';
import {
  type RecurringImport,
  differences,
  recurringImportOf,
  scheduleOptions,
  withDefaults,
} from './schedules/recurring-import.ts';
import { toLine, toStatus, type ScheduleLine, type ScheduleStatus } from './schedules/status.ts';
import { readPatiently } from './temporal/grpc.ts';

export {
  isRecurringImport,
  type ByInterval,
  type ByTheClock,
  type RecurringImport,
  type ScheduledImport,
} from './schedules/recurring-import.ts';
export type { Firing, ScheduleLine, ScheduleStatus } from './schedules/status.ts';

/** The unit in which Temporal writes the time of a firing into the id of its run. */
const SECOND = 1_000;

/** What `Schedules.ensure` has done. */
export interface Ensured {
  outcome: 'created' | 'updated' | 'unchanged';
  /** The members that were different. Those of the flow's input begin with `input.`. */
  changed: string[];
}

/**
 * The schedules of recurring imports. They are plain Temporal schedules that start the workflow `recurringImport`, so the Web
 * UI and `temporal schedule` show and manage them too.
 *
 * All methods except `ensure` and `delete` throw `ScheduleNotFoundError` if there is no schedule with the id.
 */
export class Schedules {
  constructor(
    readonly temporal: Client,
    readonly taskQueue: string,
  ) {}

  /**
   * Makes a schedule match a recurring import: creates it, updates it, or leaves it unchanged. A paused schedule stays paused.
   *
   * A schedule that already matches is not updated, because an update makes Temporal drop the firings that it was about to
   * make up for after an outage.
   *
   * @throws ApplicationFailure `ValidationFailed` with all problems; nothing was created or changed
   */
  async ensure<Flow extends RecurringFlow>(
    scheduleId: string,
    recurringImport: RecurringImport<Flow>,
  ): Promise<Ensured> {
    refuse(`schedule ${scheduleId}`, scheduleProblems(recurringImport));
    const wanted = withDefaults(recurringImport);
    const options = scheduleOptions(scheduleId, this.taskQueue, wanted);
    try {
      const present = await this.#lookUp(scheduleId);
      if (!present) {
        await this.temporal.schedule.create({ scheduleId, ...options });
        return { outcome: 'created', changed: [] };
      }
      const is = { ...recurringImportOf(present), taskQueue: present.action.taskQueue };
      const changed = differences(is, { ...wanted, taskQueue: this.taskQueue });
      if (changed.length === 0) return { outcome: 'unchanged', changed };
      await this.#handle(scheduleId).update(({ state, typedSearchAttributes }) => ({
        ...options,
        state,
        typedSearchAttributes,
      }));
      return { outcome: 'updated', changed };
    } catch (error) {
      if (isWithoutAction(error)) {
        // A process that was killed while it stopped a backfill has left the schedule without its action.
        await this.#handle(scheduleId).delete();
        return this.ensure(scheduleId, recurringImport);
      }
      // Another client created the schedule after the look-up, so now there is one to compare with.
      if (error instanceof ScheduleAlreadyRunning) return this.ensure(scheduleId, recurringImport);
      // The SDK reports a cron expression, interval or time zone that the server cannot parse as a TypeError.
      if (error instanceof TypeError) refuse(`schedule ${scheduleId}`, [timetableProblem(error)]);
      throw error;
    }
  }

  async describe(scheduleId: string): Promise<ScheduleStatus> {
    return toStatus(await this.#describe(scheduleId));
  }

  async list(): Promise<ScheduleLine[]> {
    const lines: ScheduleLine[] = [];
    for await (const summary of this.temporal.schedule.list()) {
      if (summary.action?.workflowType === 'recurringImport') lines.push(toLine(summary));
    }
    return lines;
  }

  /**
   * Stops the firings of the timetable until `resume`. Open runs continue, and so does a backfill; `stopBackfill` ends that.
   */
  pause(scheduleId: string, note = 'paused'): Promise<void> {
    return this.#request(scheduleId, (schedule) => schedule.pause(note));
  }

  resume(scheduleId: string, note = 'resumed'): Promise<void> {
    return this.#request(scheduleId, (schedule) => schedule.unpause(note));
  }

  /**
   * Fires once: now, or as soon as the open run and all waiting firings have ended. (The SDK's default would start a second
   * run beside the open one. With `BUFFER_ONE` Temporal would silently skip a trigger during a backfill.)
   *
   * Returns a second later than it could, so that the next trigger falls into another second. Temporal forms the id of a run
   * from the schedule's id and the second of its firing, so two triggers within a second have runs of the same id. On a busy
   * server the schedule then takes one for the other, fails to start it because "the workflow is already running", and drops
   * the firing without a trace (seen on Server 1.29.1).
   */
  async trigger(scheduleId: string): Promise<void> {
    await this.#request(scheduleId, (schedule) => schedule.trigger(ScheduleOverlapPolicy.BUFFER_ALL));
    await sleep(SECOND);
  }

  /**
   * Makes all firings that are scheduled between two times, both included, one after the other. (With the default policy
   * `BUFFER_ONE` Temporal would skip most of them.)
   *
   * @param confirm - receives the start times of the firings, jitter included; none is made if it returns false
   * @returns the number of firings
   * @throws ApplicationFailure `ValidationFailed` if the range is invalid, or has more than 100,000 firings
   */
  async backfill(
    scheduleId: string,
    between: { from: Date; to: Date },
    confirm: (firings: Date[]) => boolean | Promise<boolean> = () => true,
  ): Promise<number> {
    assertRange(scheduleId, between);
    const { jitter = 0 } = (await this.describe(scheduleId)).recurringImport;
    const { start, end, firings } = await backfillRange(this.temporal, scheduleId, between, jitter);
    if (firings.length === 0 || !(await confirm(firings))) return 0;
    const range = { start, end, overlap: ScheduleOverlapPolicy.BUFFER_ALL };
    await this.#request(scheduleId, (schedule) => schedule.backfill(range));
    return firings.length;
  }

  /**
   * Stops a backfill: drops all firings that wait for the open run to end. The open run continues.
   *
   * @returns how many firings were dropped; for a long backfill Temporal counts the next 500 at most
   */
  async stopBackfill(scheduleId: string): Promise<number> {
    await this.#describe(scheduleId);
    return dropWaitingFirings(this.temporal, scheduleId);
  }

  /** @returns false if there was no such schedule. Open runs continue. */
  async delete(scheduleId: string): Promise<boolean> {
    if (!(await this.#lookUp(scheduleId))) return false;
    await this.#handle(scheduleId).delete();
    return true;
  }

  #handle(scheduleId: string): ScheduleHandle {
    return this.temporal.schedule.getHandle(scheduleId);
  }

  /**
   * Sends a request to a schedule, and waits until the schedule has processed it.
   *
   * A schedule processes its requests a moment later, and of several requests that arrive before that it executes the last
   * one only (Server 1.29). A trigger right after a backfill would replace the backfill. Once the schedule has answered a
   * describe request, it has processed all requests before it.
   */
  async #request(scheduleId: string, request: (schedule: ScheduleHandle) => Promise<void>): Promise<void> {
    await this.#describe(scheduleId);
    await request(this.#handle(scheduleId));
    await this.#describe(scheduleId).catch((cause: unknown) => {
      const unknown = 'has received the request, but has not answered since';
      throw new UserError(`${scheduleId} ${unknown}. Check its state before you repeat the request.`, {
        cause,
      });
    });
  }

  /**
   * Describes a schedule of ours.
   *
   * @throws ApplicationFailure `ValidationFailed` if the schedule starts another workflow type
   */
  async #describe(scheduleId: string): Promise<ScheduleDescription> {
    return ours(await readPatiently(() => this.#handle(scheduleId).describe()));
  }

  async #lookUp(scheduleId: string): Promise<ScheduleDescription | undefined> {
    try {
      return await this.#describe(scheduleId);
    } catch (error) {
      if (error instanceof ScheduleNotFoundError) return undefined;
      throw error;
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

function timetableProblem({ message }: TypeError) {
  return { member: 'cron, every or timeZone', rule: `is not understood: ${message}` };
}

/** The SDK's error for a schedule that has no action, as {@link dropWaitingFirings} leaves it for a moment. */
const isWithoutAction = (error: unknown) =>
  error instanceof TypeError && error.message === 'Unsupported schedule action';
