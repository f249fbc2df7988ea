import { sleep } from '@temporalio/workflow';
import type { AwsFailureDetails } from '../../activities/aws-errors.ts';
import { MENDED_WITHIN, nextTry } from '../../pacing.ts';
import { awsDetailsOf, originOf } from './failures.ts';
import type { Flow } from './flow.ts';

/**
 * The attempts of one change, and how long they have gone on.
 *
 * Only time in which a worker lived counts: after a night without one a change has not been tried for a night.
 */
export class Attempts {
  readonly #flow: Flow;
  readonly #step: string;
  readonly #timeout: number;
  #number = 0;
  #tried = 0;
  /** Time tried since the errors began that somebody may be mending. */
  #mending = 0;

  /** @param change - its step, and how long to try in all, in milliseconds */
  constructor(flow: Flow, { step, timeout }: { step: string; timeout: number }) {
    this.#flow = flow;
    this.#step = step;
    this.#timeout = timeout;
  }

  /**
   * Judges an attempt that has failed, and waits until it is time for the next, where there is to be one.
   *
   * @param sent - when it was, in milliseconds since 1970
   * @param atLeast - how long to wait, in milliseconds; longer where there have been many, or AWS asks for it
   * @returns what is known of its effect, and whether it was the last
   */
  async awaitNext(
    failure: unknown,
    sent: number,
    atLeast = 0,
  ): Promise<{ effect: AwsFailureDetails['effect']; last: boolean }> {
    const { effect, retry, retryAfter = 0 } = awsDetailsOf(failure);
    if (retry !== 'tenMinutes' || effect === 'conflict') this.#mending = 0;
    const last = effect === 'rejected' || this.#tried >= this.#timeout || this.#mending >= MENDED_WITHIN;
    if (!last) {
      const pause = Math.max(nextTry(++this.#number, this.#tried, this.#timeout), retryAfter, atLeast);
      // No attempt takes longer while a worker lives.
      const spent = Math.min(Date.now() - sent, this.#flow.facts.startToClose) + pause;
      this.#tried += spent;
      this.#mending += spent;
      // A conflict is another writer, who is waited for as long as there is time.
      const why =
        effect === 'conflict' ? 'another writer was faster' : (originOf(failure)?.type ?? 'no answer');
      this.#flow.warn(`${this.#step}: ${why}; to be tried again`);
      await sleep(pause, { summary: `wait before ${this.#step}` });
    }
    return { effect, last };
  }
}
