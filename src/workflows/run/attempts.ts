import { sleep } from '@temporalio/workflow';
import type { AwsFailureDetails } from '../../activities/aws-errors.ts';
import { MENDED_WITHIN, nextTry } from '../../pacing/pacing.ts';
import { awsDetailsOf, originOf } from './failures.ts';
import type { Flow } from './flow.ts';

/** What became of an attempt: its reply, or what is known of its effect, and whether it was the last. */
type Attempt<Reply> =
  | { kind: 'answered'; reply: Reply }
  | {
      kind: 'failed';
      failure: unknown;
      effect: AwsFailureDetails['effect'];
      last: boolean;
      /** When it was, in milliseconds since 1970. */
      sent: number;
    };

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
   * Makes an attempt. Judges it where it has failed, and waits until it is time for the next, where there is to be one.
   *
   * @param inDoubt - how long to wait at least where nobody has answered, in milliseconds
   * @throws what is no failure of a call: a cancellation, a bug
   */
  async make<Reply>(send: () => Promise<Reply>, inDoubt = 0): Promise<Attempt<Reply>> {
    const sent = Date.now();
    try {
      return { kind: 'answered', reply: await send() };
    } catch (failure) {
      if (!originOf(failure)) throw failure;
      return { kind: 'failed', failure, sent, ...(await this.#awaitNext(failure, sent, inDoubt)) };
    }
  }

  async #awaitNext(failure: unknown, sent: number, inDoubt: number) {
    const { effect, retry, retryAfter = 0 } = awsDetailsOf(failure);
    // A conflict is another writer, who is waited for as long as there is time.
    const mendable = retry === 'tenMinutes' && effect !== 'conflict';
    if (!mendable) this.#mending = 0;
    const last = effect === 'rejected' || this.#tried >= this.#timeout || this.#mending >= MENDED_WITHIN;
    if (!last) {
      const usual = nextTry(++this.#number, this.#tried, this.#timeout);
      const pause = Math.max(usual, retryAfter, effect === 'unknown' ? inDoubt : 0);
      // What it took beyond that, it waited for a worker.
      const spent = Math.min(Date.now() - sent, this.#flow.facts.startToClose) + pause;
      this.#tried += spent;
      if (mendable) this.#mending += spent;
      const why =
        effect === 'conflict' ? 'another writer was faster' : (originOf(failure)?.type ?? 'no answer');
      this.#flow.warn(`${this.#step}: ${why}; to be tried again in ${Math.round(pause / 1000)} s`);
      await sleep(pause, { summary: `wait before ${this.#step}` });
    }
    return { effect, last };
  }
}
