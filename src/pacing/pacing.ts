/** How often a wait reads. All in milliseconds, except `share`. */
export interface Pacing {
  /** The shortest sleep between two reads. */
  minimumInterval: number;
  /** The longest sleep between two reads, and so the longest time until the run notices that a job has ended. */
  maximumInterval: number;
  /** The sleep as a share of the time already waited: 0.1 sleeps 6 minutes after an hour, 0 always sleeps `minimumInterval`. */
  share: number;
  /** How long to wait in total. */
  timeout: number;
}

/** The backoff between the attempts of a change. All in milliseconds, except `share`. */
export interface RetryRules {
  /** The pause after the first attempt, which doubles up to `doublesUpTo`. */
  readonly first: number;
  readonly doublesUpTo: number;
  /** After that, the pause grows to this share of the time since the first attempt, up to `longest` or 1/288 of the timeout. */
  readonly share: number;
  readonly longest: number;
}

/**
 * How many reads all waits of one run may make together. A read adds 11 events to the history of the run, and Temporal
 * terminates a run whose history exceeds 51,200 events (`limit.historyCount.error`).
 */
export const MOST_READS = 3_000;

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** How long to retry after an error that somebody may be fixing, such as expired credentials, and after an unknown error. */
export const MENDED_WITHIN = 10 * MINUTE;

const everyWait = { maximumInterval: 5 * MINUTE, share: 0.1 };

/** The pacing of each kind of wait. The input's `polling` can change it. */
export const DEFAULT_PACING = {
  imageSet: { ...everyWait, minimumInterval: 2 * SECOND, timeout: 1 * HOUR },
  dicomJob: { ...everyWait, minimumInterval: 5 * SECOND, timeout: 24 * HOUR },
  fhirJob: { ...everyWait, minimumInterval: 5 * SECOND, timeout: 24 * HOUR },
  imagingDatastore: { ...everyWait, minimumInterval: 5 * SECOND, timeout: 6 * HOUR },
  fhirDatastore: { ...everyWait, minimumInterval: 15 * SECOND, timeout: 6 * HOUR },
} as const satisfies Record<string, Pacing>;

export type WaitKind = keyof typeof DEFAULT_PACING;

/** How long a job may be `QUEUED`. HealthLake runs one import at a time, so this does not depend on the job itself. */
export const QUEUED_TIMEOUT = 7 * 24 * HOUR;

/**
 * The pacing of a wait about whose resource an event has arrived. The next event wakes the run, so that it reads on its own only
 * in case that event is lost. Image sets and data stores are often ready within seconds, so their intervals begin short.
 */
export const PACING_WITH_EVENTS = { share: 1, maximumInterval: 30 * MINUTE } as const;

/** The same for jobs: each of their states has an event, and they run for minutes to days. */
export const PACING_OF_JOBS_WITH_EVENTS = { ...PACING_WITH_EVENTS, minimumInterval: 30 * MINUTE } as const;

/**
 * How long to sleep before the next read.
 *
 * The run notices the end of a job at most `max(minimumInterval, min(share × waited, maximumInterval))` late.
 *
 * @param waited - milliseconds since the wait began
 */
export function nextSleep(
  waited: number,
  { minimumInterval, maximumInterval, share }: Omit<Pacing, 'timeout'>,
): number {
  return Math.ceil(Math.min(Math.max(share * waited, minimumInterval), maximumInterval));
}

/**
 * The backoff before the next attempt of a change, after a lost reply or a conflict: 1, 2, 4 … 60 seconds, and then a share of
 * the time since the first attempt.
 *
 * @param attempts - how many have failed
 * @param tried - the time since the first attempt, in milliseconds
 * @param timeout - how long to retry in total. However long that is, there are at most about 400 attempts
 */
export function nextTry(
  attempts: number,
  tried: number,
  timeout: number,
  { first, doublesUpTo, share, longest }: RetryRules,
): number {
  return nextSleep(tried, {
    minimumInterval: Math.min(first * 2 ** (attempts - 1), doublesUpTo),
    maximumInterval: Math.max(longest, timeout / 288),
    share,
  });
}

/**
 * An upper bound of the number of reads in a wait that lasts for the whole `timeout`, in closed form.
 *
 * A wait has three phases: sleeps of `minimumInterval` until the share is longer, sleeps that grow by the factor `1 + share`,
 * and sleeps of `maximumInterval`. Three more reads are added for the first read and for rounding.
 */
export function readsAtMost({ minimumInterval, maximumInterval, share, timeout }: Pacing): number {
  const lasts = (interval: number) => Math.min(timeout, interval / share);
  const steady = lasts(minimumInterval);
  const growing = lasts(maximumInterval);
  return (
    3 +
    Math.ceil(steady / minimumInterval) +
    (share > 0 ? Math.ceil(Math.log(growing / steady) / Math.log1p(share)) : 0) +
    Math.ceil((timeout - growing) / maximumInterval)
  );
}
