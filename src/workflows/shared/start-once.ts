import { ActivityFailure } from '@temporalio/workflow';
import type { AwsFailureDetails } from '../../activities/aws-errors.ts';
import { isRecord } from '../../guards.ts';
import { originOf } from './failures.ts';

/** The start of a job. */
export interface Start<Job> {
  /** One start with a token, tried again by Temporal within `budget` milliseconds. */
  start: (budget: number) => Promise<Job>;
  /** Looks for a job that an earlier attempt of this very run has started; absent where none could be told for sure. */
  adopt?: (() => Promise<Job | undefined>) | undefined;
  /** For how long a repeated start is sure to give the same job back, in milliseconds. */
  tokenLife: number;
  /** Milliseconds in all. */
  timeout: number;
}

/**
 * Starts a job once, whatever dies and for however long.
 *
 * Within the life of its token a repeated start gives the same job back. Beyond it the run looks for its job before it
 * asks again.
 */
export async function startOnce<Job>({ start, adopt, tokenLife, timeout }: Start<Job>): Promise<Job> {
  const since = Date.now();
  for (;;) {
    try {
      return await start(Math.min(tokenLife, timeout));
    } catch (error) {
      if (!mayPass(error) || Date.now() - since >= timeout) throw error;
    }
    const job = await adopt?.();
    if (job) return job;
  }
}

/** Whether Temporal gave up only because the time was over, on an error that passes by itself. */
function mayPass(error: unknown): boolean {
  if (!(error instanceof ActivityFailure) || error.retryState !== 'TIMEOUT') return false;
  const [details] = originOf(error)?.details ?? [];
  const giveUp: AwsFailureDetails['retry'] = 'tenMinutes';
  return !isRecord(details) || details['retry'] !== giveUp;
}
