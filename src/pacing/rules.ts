import { MOST_BYTES, MOST_BYTES_OF_LIST } from '../lib/size.ts';
import {
  DEFAULT_PACING,
  MENDED_WITHIN,
  MOST_READS,
  PACING_OF_JOBS_WITH_EVENTS,
  PACING_WITH_EVENTS,
  QUEUED_TIMEOUT,
  type Pacing,
  type RetryRules,
  type WaitKind,
} from './pacing.ts';

/**
 * The numbers that affect what a run does next. All times are in milliseconds.
 *
 * A run takes them from the result of its `checkInput`, which Temporal records, and never from this file. Otherwise a worker
 * with other defaults would make other decisions in the replay, and the run would fail with a non-determinism error. So a
 * default may be changed at any time, and applies to the runs that start afterwards.
 */
export interface RunRules {
  /** The default pacing of each kind of wait. The input's `polling` can change it. */
  waits: Readonly<Record<WaitKind, Pacing>>;
  /** Replaces part of it when a run has received an event about what it waits for. */
  withEvents: Pick<Pacing, 'share' | 'maximumInterval'>;
  /** The same for jobs. Runs that began before 27 November 2026 have recorded none, and use `withEvents`. */
  jobsWithEvents?: Pick<Pacing, 'share' | 'minimumInterval' | 'maximumInterval'>;
  /** How long a HealthLake job may be `QUEUED`. */
  queuedTimeout: number;
  /** How long to retry after an error that somebody may be fixing, such as expired credentials. */
  mendedWithin: number;
  /** How long to retry a change that AWS throttles, if the input sets no timeout. */
  throttledFor: number;
  /** The backoff between attempts of a change after a lost reply or a conflict. */
  retries: RetryRules;
  /** How often an activity is scheduled that no worker picks up in time. */
  unattendedRounds: number;
  /** Timeouts of the activities that read many files, a large file, or a long list. */
  long: { readonly startToClose: number; readonly scheduleToClose: number };
  /** How many reads all waits of a run may make together. Afterwards a wait sleeps until its deadline. */
  mostReads: number;
  /** Temporal's limits for a history, minus what concurrent calls and their replies may add. */
  mostHistory: { readonly events: number; readonly bytes: number };
  /** The limits for the lists in a result. */
  lists: { readonly pages: number; readonly items: number; readonly bytes: number };
  /** The limits for one run of auditCompletedImports. */
  audit: AuditRules;
  /** What decides about the course of a fleet. */
  fleet: FleetRules;
  /** The usual difference between the clocks of AWS and Temporal, including that a service may round to seconds. */
  clockSkew: number;
  /** The largest possible difference. */
  worstClockSkew: number;
}

export interface AuditRules {
  /** For the list of completed jobs: pages of 50 jobs, and their bytes, which are all in the history. */
  readonly pages: number;
  readonly listedBytes: number;
  /** For how many of the newest jobs to read the output, their bytes in the result, and how many to read concurrently. */
  readonly jobs: number;
  readonly bytes: number;
  readonly atOnce: number;
}

export interface FleetRules {
  /** How many shards of the input are read at the same time. */
  readonly shardsAtOnce: number;
  /** The starts of one activity: no more than these, and no more than the rate allows within `batchFor`. */
  readonly batch: number;
  readonly batchFor: number;
  /** How much of a delay of starts is made up for, and by how much starts follow one another faster meanwhile. */
  readonly catchUp: number;
  readonly hurry: number;
  /** The pause between two looks at the jobs in the service, at the least. */
  readonly lookEvery: number;
  /** How often a job is tried. */
  readonly tries: number;
  /** After how many failures for one reason, one after the other, the fleet pauses. */
  readonly pauseAfter: number;
  /** The part of the configured rate by which a rate that was halved grows, in the time that so many starts take at that rate. */
  readonly climb: number;
  readonly climbEvery: number;
  readonly slowest: number;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** The rules of runs that start now. */
export const DEFAULT_RULES: RunRules = {
  waits: DEFAULT_PACING,
  withEvents: PACING_WITH_EVENTS,
  jobsWithEvents: PACING_OF_JOBS_WITH_EVENTS,
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
    // With two calls per job, the history stays below the number of events at which Temporal logs a warning.
    jobs: 500,
    // The same result holds the list of image sets. A job usually takes 400 bytes.
    bytes: MOST_BYTES - MOST_BYTES_OF_LIST - 100_000,
    atOnce: 10,
  },
  fleet: {
    shardsAtOnce: 8,
    batch: 100,
    batchFor: 15_000,
    catchUp: 1_000,
    hurry: 0.1,
    lookEvery: 10_000,
    tries: 3,
    pauseAfter: 5,
    climb: 0.1,
    // A minute at the default rate of HealthImaging.
    climbEvery: 48,
    // A start a minute.
    slowest: 1 / 60,
  },
  clockSkew: 5_000,
  worstClockSkew: MINUTE,
};
