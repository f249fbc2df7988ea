import { MOST_BYTES, MOST_BYTES_OF_LIST } from '../lib/size.ts';
import {
  DEFAULT_PACING,
  MENDED_WITHIN,
  MOST_READS,
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
  /** Time-outs of the activities that read many files, a large one, or a long list. */
  long: { readonly startToClose: number; readonly scheduleToClose: number };
  /** How many reads all waits of a run may make together; afterwards each waits for its deadline. */
  mostReads: number;
  /** Temporal's limits for a history, less what the calls made at the same time, and their replies, may add. */
  mostHistory: { readonly events: number; readonly bytes: number };
  /** How much a run lists. */
  lists: { readonly pages: number; readonly items: number; readonly bytes: number };
  /** How much a run of auditCompletedImports takes on. */
  audit: AuditRules;
  /** By how much the clocks of AWS and Temporal usually differ, since a service may give whole seconds. */
  clockSkew: number;
  /** By how much they differ at most: what AWS dates before that was there before the run. */
  worstClockSkew: number;
}

export interface AuditRules {
  /** Of the list of completed jobs: pages of 50 jobs, and their bytes, which all stand in the history. */
  readonly pages: number;
  readonly listedBytes: number;
  /** How many of the newest jobs are opened up, how many bytes they may take in the result, and how many at a time. */
  readonly jobs: number;
  readonly bytes: number;
  readonly atOnce: number;
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
  long: { startToClose: 1 * HOUR, scheduleToClose: 6 * HOUR },
  mostReads: MOST_READS,
  mostHistory: { events: 50_000, bytes: 30_000_000 },
  lists: { pages: 10, items: 1_000, bytes: MOST_BYTES_OF_LIST },
  audit: {
    pages: 100,
    listedBytes: 10_000_000,
    // Two calls a job: the history stays below the events at which Temporal begins to warn.
    jobs: 500,
    // Beside the list of image sets in the same result. A usual job is 400 bytes.
    bytes: MOST_BYTES - MOST_BYTES_OF_LIST - 100_000,
    atOnce: 10,
  },
  clockSkew: 5_000,
  worstClockSkew: MINUTE,
};
