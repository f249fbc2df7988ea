/** Which firings of a schedule a backfill of a time range contains. */
import type { Client } from '@temporalio/client';
import { optionalDateToTs, tsToDate } from '@temporalio/common/lib/time.js';
import { refuse } from '../input-rules/workflows.ts';
import { toMilliseconds, type Duration } from '../pacing/polling.ts';
import { readPatiently } from '../temporal/grpc.ts';

/** Hourly firings of more than ten years. Listing the firings of a mistyped year would keep the server busy for minutes. */
const MOST_FIRINGS = 100_000;
const TOO_MANY = { member: 'it', rule: `must not hold more than ${MOST_FIRINGS} firings` };

/** Temporal lists at most this many firings at a time, and does not say whether there are more. */
const LISTED_AT_MOST = 1_000;

/** A range of a backfill as Temporal takes it, and the firings in it. */
export interface BackfillRange {
  start: Date;
  end: Date;
  /** When the firings start, jitter included. */
  firings: Date[];
}

/**
 * Finds all firings that are scheduled between two times, both included.
 *
 * @param jitter - of the schedule
 * @throws ApplicationFailure `ValidationFailed` if the range is invalid, or has more than 100,000 firings
 */
export async function backfillRange(
  temporal: Client,
  scheduleId: string,
  { from, to }: { from: Date; to: Date },
  jitter: Duration,
): Promise<BackfillRange> {
  // Temporal excludes the start, and counts it in whole seconds.
  const start = new Date(from.getTime() - 1_000);
  const end = await endAfter(temporal, scheduleId, to, jitter);
  return { start, end, firings: await firingsBetween(temporal, scheduleId, start, end) };
}

/** @throws ApplicationFailure `ValidationFailed` if `from` is later than `to`, or `to` is in the future */
export function assertRange(scheduleId: string, { from, to }: { from: Date; to: Date }): void {
  refuse(`backfill of ${scheduleId}`, rangeProblems(from, to));
}

function rangeProblems(from: Date, to: Date) {
  if (!(from <= to)) return [{ member: 'from', rule: 'must not be later than to' }];
  return to > new Date() ? [{ member: 'to', rule: 'must not lie in the future' }] : [];
}

/**
 * The end of the range in which Temporal finds all firings that are scheduled until `to`.
 *
 * Temporal selects firings by their start, jitter included. Jitter never delays a firing beyond the next one, so an end just
 * before the start of the next firing includes all that are scheduled until `to`, and none of the later ones.
 */
async function endAfter(temporal: Client, scheduleId: string, to: Date, jitter: Duration): Promise<Date> {
  const latest = new Date(to.getTime() + toMilliseconds(jitter));
  const later = (await firingsBetween(temporal, scheduleId, to, latest)).find((firing) => firing > to);
  return later ? new Date(later.getTime() - 1) : latest;
}

/** When firings start, jitter included. */
async function firingsBetween(temporal: Client, scheduleId: string, start: Date, end: Date): Promise<Date[]> {
  const firings: Date[] = [];
  for (;;) {
    const range = {
      namespace: temporal.options.namespace,
      scheduleId,
      startTime: optionalDateToTs(firings.at(-1) ?? start) ?? null,
      endTime: optionalDateToTs(end) ?? null,
    };
    const { startTime } = await readPatiently(() =>
      temporal.workflowService.listScheduleMatchingTimes(range),
    );
    firings.push(...startTime.map(tsToDate));
    if (firings.length > MOST_FIRINGS) refuse(`backfill of ${scheduleId}`, [TOO_MANY]);
    if (startTime.length < LISTED_AT_MOST) return firings;
  }
}
