import ms, { type StringValue } from 'ms';
import { MOST_READS, readsAtMost, type Pacing, type WaitKind } from './pacing.ts';
import { DEFAULT_RULES, type RunRules } from './rules.ts';

type Unit =
  | ('ms' | 's' | 'sec' | 'second' | 'seconds' | 'm' | 'min' | 'minute' | 'minutes')
  | ('h' | 'hour' | 'hours' | 'd' | 'day' | 'days');

/**
 * A number of milliseconds, or text such as `"30s"` or `"5 minutes"`.
 *
 * Our own type, though the `ms` package has one: that one cannot be resolved by whoever uses ours, and would be `any`.
 */
export type Duration = number | `${number}` | `${number}${Unit}` | `${number} ${Unit}`;

/** The input member `polling`: how every wait of a flow is paced. What is absent stays at the default of the wait. */
export interface Polling {
  minimumInterval?: Duration;
  maximumInterval?: Duration;
  /** 0 to 1: sleep for this share of the time already waited. */
  share?: number;
  timeout?: Duration;
}

export function toMilliseconds(duration: Duration): number {
  return typeof duration === 'number' ? duration : ms(duration);
}

/**
 * Whether something is a {@link Duration}. (`ms` throws for text that is empty or very long.)
 *
 * @param orNone - whether it may be 0, which means none
 */
export function isDuration(value: unknown, { orNone = false } = {}): value is Duration {
  const isLongEnough = (milliseconds: number) => (orNone ? milliseconds >= 0 : milliseconds > 0);
  if (typeof value === 'string')
    return value.length > 0 && value.length < 100 && isLongEnough(ms(value as StringValue));
  return typeof value === 'number' && Number.isFinite(value) && isLongEnough(value);
}

/**
 * The pacing of one kind of wait, with what the input's `polling` changes. Expects a `polling` that was checked.
 *
 * @param options - `hadEvent`: whether events wake the run; `rules`: those that the run has recorded
 */
export function pacingOf(
  kind: WaitKind,
  { minimumInterval, maximumInterval, share, timeout }: Polling = {},
  { hadEvent = false, rules = DEFAULT_RULES }: { hadEvent?: boolean; rules?: RunRules } = {},
): Pacing {
  const usual = { ...rules.waits[kind], ...(hadEvent && rules.withEvents) };
  const minimum = minimumInterval === undefined ? undefined : toMilliseconds(minimumInterval);
  const maximum = maximumInterval === undefined ? undefined : toMilliseconds(maximumInterval);
  return {
    // Only one of the two given: the other's default gives way.
    minimumInterval: minimum ?? Math.min(usual.minimumInterval, maximum ?? Infinity),
    maximumInterval: maximum ?? Math.max(usual.maximumInterval, minimum ?? 0),
    share: share ?? usual.share,
    timeout: timeout === undefined ? usual.timeout : toMilliseconds(timeout),
  };
}

/**
 * What is wrong with a `polling` whose members are each well-formed.
 *
 * The reads of all waits are counted together, since they fill one history, and each wait for itself: a flow with four waits
 * of one kind makes four times the reads of one.
 *
 * @param kinds - the kind of each wait of the flow; a kind stands there as often as there are waits of it
 * @returns the rules that it breaks, each the rest of a sentence that begins with `polling`
 */
export function pacingProblems(polling: Polling, kinds: readonly WaitKind[]): string[] {
  const { minimumInterval, maximumInterval } = polling;
  if (
    minimumInterval !== undefined &&
    maximumInterval !== undefined &&
    toMilliseconds(minimumInterval) > toMilliseconds(maximumInterval)
  ) {
    return ['minimumInterval must not be longer than maximumInterval'];
  }
  const reads = kinds.reduce((sum, kind) => sum + readsAtMost(longest(kind, polling)), 0);
  return reads > MOST_READS
    ? [
        `would read up to ${reads} times in ${kinds.length === 1 ? 'one wait' : `${kinds.length} waits`}, at most ${MOST_READS} are allowed: raise share or the intervals, or lower timeout`,
      ]
    : [];
}

/** The pacing of the longest wait of a kind: a job of HealthLake may stand in a queue first. */
function longest(kind: WaitKind, polling: Polling): Pacing {
  const pacing = pacingOf(kind, polling);
  return kind === 'fhirJob' ? { ...pacing, timeout: queuedTimeout(polling) + pacing.timeout } : pacing;
}

/** How long a job may stand in HealthLake's queue, in milliseconds. */
export function queuedTimeout({ timeout }: Polling = {}, rules: RunRules = DEFAULT_RULES): number {
  return timeout === undefined ? rules.queuedTimeout : toMilliseconds(timeout);
}
