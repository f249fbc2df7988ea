/** How a wait is paced. All in milliseconds, but for `share`. */
export interface Pacing {
  /** The shortest sleep between two reads. */
  minimumInterval: number;
  /** The longest sleep between two reads, and so the longest that an end can go unseen. */
  maximumInterval: number;
  /** How long an end may go unseen, as a share of the time waited: 0 reads every `minimumInterval`. */
  share: number;
  /** How long to wait in all. */
  timeout: number;
}

/** How the attempts of a change are spaced. All in milliseconds, but for `share`. */
export interface RetryRules {
  /** The pause after the first attempt, which doubles up to `doublesUpTo`. */
  readonly first: number;
  readonly doublesUpTo: number;
  /** The pause then grows to this share of the time tried, up to `longest`, or the 288th part of the time-out. */
  readonly share: number;
  readonly longest: number;
}

/**
 * How many reads all waits of one run may make in all. A read adds 11 events to the history of the run, and Temporal
 * terminates a run whose history exceeds 51,200 events (`limit.historyCount.error`).
 */
export const MOST_READS = 3_000;

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** How long to try on an error that somebody may be mending just now: credentials, configuration, the never seen. */
export const MENDED_WITHIN = 10 * MINUTE;

const everyWait = { maximumInterval: 5 * MINUTE, share: 0.1 };

/** The pacing of each kind of wait where the input's `polling` does not say otherwise. */
export const DEFAULT_PACING = {
  imageSet: { ...everyWait, minimumInterval: 2 * SECOND, timeout: 1 * HOUR },
  dicomJob: { ...everyWait, minimumInterval: 5 * SECOND, timeout: 24 * HOUR },
  fhirJob: { ...everyWait, minimumInterval: 5 * SECOND, timeout: 24 * HOUR },
  imagingDatastore: { ...everyWait, minimumInterval: 5 * SECOND, timeout: 6 * HOUR },
  fhirDatastore: { ...everyWait, minimumInterval: 15 * SECOND, timeout: 6 * HOUR },
} as const satisfies Record<string, Pacing>;

export type WaitKind = keyof typeof DEFAULT_PACING;

/** HealthLake runs one import at a time and queues the rest: time in its queue says nothing about the job. */
export const QUEUED_TIMEOUT = 7 * 24 * HOUR;

/** Where events wake a run, reads are only the safety net: what to wait by then, unless the input says otherwise. */
export const PACING_WITH_EVENTS = { share: 1, maximumInterval: 30 * MINUTE } as const;

/**
 * How long to sleep before the next read.
 *
 * The law: an end is seen at most `max(minimumInterval, min(share × waited, maximumInterval))` late.
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
 * How long to wait before a change is sent again whose reply was lost, or that met another writer: 1, 2, 4 … 60 seconds,
 * and then as between two reads.
 *
 * @param attempts - how many have failed
 * @param tried - for how long, in milliseconds
 * @param timeout - how long to try in all: however long that is, it makes no more than some 400 attempts
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
 * An upper bound of the reads in a wait that lasts for the whole `timeout`, in closed form.
 *
 * Three stretches: at `minimumInterval` until the share outgrows it, growing by `1 + share` each time until the share
 * outgrows `maximumInterval`, then at `maximumInterval`. Three more for the first read and the rounding of each stretch.
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
