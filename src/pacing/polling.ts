import ms, { type StringValue } from 'ms';
import { MOST_READS, readsAtMost, type Pacing, type WaitKind } from './pacing.ts';
import { DEFAULT_RULES, type RunRules } from './rules.ts';

export type Unit =
  | ('ms' | 's' | 'sec' | 'second' | 'seconds' | 'm' | 'min' | 'minute' | 'minutes')
  | ('h' | 'hour' | 'hours' | 'd' | 'day' | 'days');

/**
 * A number of milliseconds, or text such as `"30s"` or `"5 minutes"`.
 *
 * The type of the `ms` package is not used, because users of this package cannot resolve it, and it would be `any` for them.
 */
export type Duration = number | `${number}` | `${number}${Unit}` | `${number} ${Unit}`;

/** The input member `polling`: the pacing of every wait of a flow. Absent members have the default of the wait. */
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
 * @param options - `orNone`: whether 0 is allowed, which means none
 */
export function isDuration(value: unknown, { orNone = false } = {}): value is Duration {
  const isLongEnough = (milliseconds: number) => (orNone ? milliseconds >= 0 : milliseconds > 0);
  if (typeof value === 'string')
    return value.length > 0 && value.length < 100 && isLongEnough(ms(value as StringValue));
  return typeof value === 'number' && Number.isFinite(value) && isLongEnough(value);
}

/**
 * The pacing of one kind of wait, with the changes of a valid `polling`.
 *
 * @param options - `hadEvent`: whether the run has received an event about what it waits for; `rules`: those that the run has recorded
 */
export function pacingOf(
  kind: WaitKind,
  { minimumInterval, maximumInterval, share, timeout }: Polling = {},
  { hadEvent = false, rules = DEFAULT_RULES }: { hadEvent?: boolean; rules?: RunRules } = {},
): Pacing {
  const usual = { ...rules.waits[kind], ...(hadEvent && withEvents(kind, rules)) };
  const minimum = minimumInterval === undefined ? undefined : toMilliseconds(minimumInterval);
  const maximum = maximumInterval === undefined ? undefined : toMilliseconds(maximumInterval);
  return {
    // If the input has only one of the two intervals, the default of the other is adjusted to it.
    minimumInterval: minimum ?? Math.min(usual.minimumInterval, maximum ?? Infinity),
    maximumInterval: maximum ?? Math.max(usual.maximumInterval, minimum ?? 0),
    share: share ?? usual.share,
    timeout: timeout === undefined ? usual.timeout : toMilliseconds(timeout),
  };
}

function withEvents(kind: WaitKind, { withEvents: others, jobsWithEvents }: RunRules): Partial<Pacing> {
  const isJob = kind === 'dicomJob' || kind === 'fhirJob';
  return isJob && jobsWithEvents ? jobsWithEvents : others;
}

/**
 * Checks a `polling` whose members are valid one by one.
 *
 * The reads of all waits are added up, because they are in one history: a flow with four waits of one kind makes four times
 * the reads of one wait.
 *
 * @param kinds - the kind of each wait of the flow, as often as there are waits of it
 * @returns the rules that it breaks, each as the rest of a sentence that begins with `polling`
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

/** The pacing of a wait of this kind that lasts longest: a HealthLake job may be queued first. */
function longest(kind: WaitKind, polling: Polling): Pacing {
  const pacing = pacingOf(kind, polling);
  return kind === 'fhirJob' ? { ...pacing, timeout: queuedTimeout(polling) + pacing.timeout } : pacing;
}

/** How long a job may be `QUEUED`, in milliseconds. */
export function queuedTimeout({ timeout }: Polling = {}, rules: RunRules = DEFAULT_RULES): number {
  return timeout === undefined ? rules.queuedTimeout : toMilliseconds(timeout);
}
