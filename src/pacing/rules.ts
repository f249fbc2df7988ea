import {
  DEFAULT_PACING,
  MENDED_WITHIN,
  PACING_WITH_EVENTS,
  QUEUED_TIMEOUT,
  type Pacing,
  type RetryRules,
  type WaitKind,
} from './pacing.ts';

/**
 * The numbers that decide what a run does next. All times are in milliseconds.
 *
 * A run takes them from the result of its `checkInput`, which Temporal records, and never from this file: a worker with
 * other defaults that took over a run would otherwise decide differently in the replay, and the run would fail with a
 * non-determinism error. So a default may be changed at any time, and holds for the runs that start afterwards.
 */
export interface RunRules {
  /** How each kind of wait is paced where the input's `polling` does not say otherwise. */
  waits: Readonly<Record<WaitKind, Pacing>>;
  /** What replaces part of it once a run has received an event. */
  withEvents: { readonly share: number; readonly maximumInterval: number };
  /** How long a job may stand in HealthLake's queue. */
  queuedTimeout: number;
  /** How long to retry after an error that somebody may be fixing, such as expired credentials. */
  mendedWithin: number;
  /** How long to retry a change that AWS throttles, where the input sets no time-out. */
  throttledFor: number;
  /** How attempts of a change are spaced after a lost reply or a conflict. */
  retries: RetryRules;
  /** How often a call is scheduled again that no worker has taken up within its time. */
  unattendedRounds: number;
  /** Time-outs of the activities that read many files or a large one. */
  files: { readonly startToClose: number; readonly scheduleToClose: number };
  /** By how much the clocks of AWS and Temporal usually differ, since a service may give whole seconds. */
  clockSkew: number;
  /** By how much they differ at most: what AWS dates before that was there before the run. */
  worstClockSkew: number;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** What `checkInput` hands to the runs that start now. */
export const DEFAULT_RULES: RunRules = {
  waits: DEFAULT_PACING,
  withEvents: PACING_WITH_EVENTS,
  queuedTimeout: QUEUED_TIMEOUT,
  mendedWithin: MENDED_WITHIN,
  throttledFor: 24 * HOUR,
  retries: { first: 1_000, doublesUpTo: MINUTE, share: 0.1, longest: 5 * MINUTE },
  unattendedRounds: 10,
  files: { startToClose: 1 * HOUR, scheduleToClose: 6 * HOUR },
  clockSkew: 5_000,
  worstClockSkew: MINUTE,
};
