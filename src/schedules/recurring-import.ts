/** A recurring import as a user writes it, and as a Temporal schedule stores it. */
import { ScheduleOverlapPolicy, type ScheduleDescription } from '@temporalio/client';
import { scheduleProblems, type RecurringFlow } from '../input-rules/recurring-import.ts';
import { canonicalJson } from '../lib/canonical-json.ts';
import { documentName } from '../lib/document-name.ts';
import { toMilliseconds, type Duration } from '../pacing/polling.ts';
import type { RecurringImportInput, RecurringImportOf } from '../workflows/recurring-import.ts';

/** At times of the clock in `timeZone`: a cron expression of five fields such as `0 2 * * *`, or `@daily`. */
export interface ByTheClock {
  cron: string;
  every?: undefined;
}

/** At an interval, counted from the Unix epoch. */
export interface ByInterval {
  every: Duration;
  cron?: undefined;
}

/** A recurring import as Temporal stores it. Its schedule may have been created by another program. */
export interface ScheduledImport<Flow extends RecurringFlow = RecurringFlow> extends RecurringImportOf<Flow> {
  cron?: string | undefined;
  every?: Duration | undefined;
  /** Temporal delays each firing by a random time up to this, so that not all schedules fire at the same moment. */
  jitter?: Duration;
  overlap?: ScheduleOverlapPolicy;
  catchupWindow?: Duration;
  pauseOnFailure?: boolean;
}

/** A recurring import: what is imported, when, and with which schedule policies. */
export type RecurringImport<Flow extends RecurringFlow = RecurringFlow> = ScheduledImport<Flow> &
  (ByTheClock | ByInterval);

/**
 * Whether a value of unknown type, such as one parsed from a file, is a valid argument of `Schedules.ensure`.
 * `scheduleProblems` lists what is wrong with an invalid one.
 */
export function isRecurringImport(value: unknown): value is RecurringImport {
  return scheduleProblems(value).length === 0;
}

/**
 * The schedule policies that apply where a recurring import does not set its own.
 *
 * - `overlap`: a firing that is due while the previous import still runs starts after it. If it were skipped, a day of data
 *   would be missing. The buffer holds one firing: Temporal skips any other, for example during a backfill, and counts it
 *   (`skippedByOverlap`).
 * - `catchupWindow`: after an outage only the firings of the last hour are made up for. Temporal's default of one year would
 *   start all missed imports at once. An operator can backfill the older firings.
 * - `pauseOnFailure`: one failed import does not stop the next ones.
 */
export const SCHEDULE_DEFAULTS = {
  timeZone: 'UTC',
  jitter: '1 minute',
  overlap: ScheduleOverlapPolicy.BUFFER_ONE,
  catchupWindow: '1 hour',
  pauseOnFailure: false,
} as const satisfies Partial<ScheduledImport>;

/** Adds the defaults and converts durations to milliseconds, so that the value can be compared with what Temporal stores. */
export function withDefaults(given: RecurringImport): ScheduledImport {
  const all = { ...SCHEDULE_DEFAULTS, ...given };
  return {
    ...all,
    ...(all.every !== undefined && { every: toMilliseconds(all.every) }),
    jitter: toMilliseconds(all.jitter),
    catchupWindow: toMilliseconds(all.catchupWindow),
  };
}

/** The options of the Temporal schedule for a recurring import. {@link recurringImportOf} is the inverse. */
export function scheduleOptions(scheduleId: string, taskQueue: string, recurringImport: ScheduledImport) {
  const { cron, every, jitter = 0, overlap, catchupWindow = 0, pauseOnFailure, ...input } = recurringImport;
  const { timeZone = 'UTC' } = input;
  return {
    spec: {
      // Temporal converts a cron expression to a calendar and drops its text, but keeps the comment after `#`. The text is
      // repeated there so that `recurringImportOf` can read it back.
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
      // Temporal appends the time of the firing.
      workflowId: scheduleId,
      staticSummary: `${documentName(input.flow)} · schedule ${scheduleId}`,
    },
    policies: { ...(overlap && { overlap }), catchupWindow, pauseOnFailure: pauseOnFailure ?? false },
  } as const;
}

/** The recurring import in a schedule's description. The schedule may have been created by another program. */
export function recurringImportOf({ action, spec, policies }: ScheduleDescription): ScheduledImport {
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

/** The names of the members in which two recurring imports differ. */
export function differences(is: Facts, wanted: Facts): string[] {
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
