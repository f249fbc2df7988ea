import { sleep } from '@temporalio/workflow';
import type { AwsFailureDetails } from '../../activities/aws-errors.ts';
import { MENDED_WITHIN, nextTry } from '../../pacing.ts';
import { awsDetailsOf, originOf } from './failures.ts';
import type { Flow } from './flow.ts';

/** An attempt of a change that came to nothing, or that nobody has answered. Times are in milliseconds since 1970. */
interface FailedAttempt {
  failure: unknown;
  /** 1 for the first. */
  number: number;
  sent: number;
  /** When the first was sent. */
  begun: number;
}

/**
 * Judges an attempt of a change, and waits until it is time for the next, where there is to be one.
 *
 * @param change - its step, and how long to try in all, in milliseconds
 * @returns what is known of the attempt's effect, and whether it was the last
 */
export async function awaitNext(
  flow: Flow,
  { step, timeout }: { step: string; timeout: number },
  { failure, number, sent, begun }: FailedAttempt,
): Promise<{ effect: AwsFailureDetails['effect']; last: boolean }> {
  const { effect, retry, retryAfter = 0 } = awsDetailsOf(failure);
  // A conflict is another writer, who is waited for as long as there is time.
  const patience = effect === 'conflict' ? timeout : patienceFor(retry, timeout);
  // By when it was sent: in the time since, no worker may have been there.
  const last = effect === 'rejected' || sent - begun >= patience;
  if (!last) {
    const why =
      effect === 'conflict' ? 'another writer was faster' : (originOf(failure)?.type ?? 'no answer');
    flow.warn(`${step}: ${why}; tried again`);
    const pause = Math.max(nextTry(number, Date.now() - begun), retryAfter);
    await sleep(pause, { summary: `wait before ${step}` });
  }
  return { effect, last };
}

/** How long an error is worth trying again, of all the time that there is, in milliseconds. */
function patienceFor(retry: AwsFailureDetails['retry'], timeout: number): number {
  return retry === 'tenMinutes' ? Math.min(MENDED_WITHIN, timeout) : timeout;
}
