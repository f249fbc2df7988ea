import { sleep } from '@temporalio/workflow';
import type { AwsFailureDetails } from '../../activities/aws-errors.ts';
import { nextTry, type WaitKind } from '../../pacing/pacing.ts';
import type { Polling } from '../../pacing/polling.ts';
import { awsDetailsOf, isUnattended, originOf } from './failures.ts';
import type { Flow } from './flow.ts';

/** An attempt that failed, and whether AWS may have applied it. */
export interface FailedAttempt {
  kind: 'failed';
  failure: unknown;
  effect: AwsFailureDetails['effect'];
  /** Whether it is the last one: AWS has rejected it, or the time is over. */
  last: boolean;
  /** When it was scheduled, in milliseconds since 1970. */
  sent: number;
}

type Attempt<Reply> = { kind: 'answered'; reply: Reply } | FailedAttempt;

/**
 * The attempts of one change, each of them one activity.
 *
 * Temporal retries throttled requests within one activity, so that a day of throttling costs only a few history events. The
 * activity ends after a lost reply or a conflict, because only the run can decide whether another attempt is safe.
 *
 * Time in which no worker polls does not count: after a night without a worker, the full time for attempts is left.
 */
export class Attempts {
  /** How long to retry after lost replies and conflicts, in milliseconds. */
  readonly #timeout: number;
  /** How much time is left for requests that AWS throttles or refuses for now, in milliseconds. */
  #patience: number;
  #number = 0;
  /** How much of `#timeout` is used up. */
  #tried = 0;
  /** For how long each attempt has failed with an error that an operator may be fixing. */
  #mending = 0;
  /** How many attempts no worker has picked up. */
  #unattended = 0;

  constructor(
    readonly flow: Flow,
    readonly change: { step: string; kind: WaitKind; polling: Polling | undefined },
  ) {
    const { kind, polling } = change;
    this.#timeout = flow.pacing(kind, polling).timeout;
    this.#patience = polling?.timeout === undefined ? flow.facts.rules.throttledFor : this.#timeout;
  }

  /**
   * Makes an attempt. After a lost reply or a conflict it returns when the backoff before the next attempt is over.
   *
   * @param send - sends the request; `budget` is how long Temporal may retry it while AWS refuses it, in milliseconds
   * @param latest - the latest time at which the request may reach AWS, in milliseconds since 1970
   * @throws a cancellation or a bug, which are no failure of a call
   */
  async make<Reply>(send: (budget: number) => Promise<Reply>, latest: number): Promise<Attempt<Reply>> {
    const sent = Date.now();
    const budget = Math.max(Math.min(this.#patience, latest - sent), 1);
    const cut = budget < this.#patience;
    try {
      return { kind: 'answered', reply: await send(budget) };
    } catch (failure) {
      if (!originOf(failure)) throw failure;
      const { effect } = awsDetailsOf(failure);
      const failed = { kind: 'failed' as const, failure, effect, sent };
      if (effect === 'rejected') return { ...failed, last: true };
      if (effect === 'refused') return { ...failed, last: this.#isLastRefusal(failure, sent, cut) };
      return { ...failed, last: await this.#awaitNext(failure, effect, sent) };
    }
  }

  /** @param cut - whether the attempt had to end by `latest`, before its time was over */
  #isLastRefusal(failure: unknown, sent: number, cut: boolean): boolean {
    if (isUnattended(failure)) {
      if (!cut) this.#unattended += 1;
      return this.#unattended >= this.flow.facts.rules.unattendedRounds;
    }
    this.#patience -= Date.now() - sent;
    return !cut || this.#patience <= 0;
  }

  /**
   * Waits for the backoff before the next attempt.
   *
   * @returns whether there is no time left for another attempt
   */
  async #awaitNext(failure: unknown, effect: 'conflict' | 'unknown', sent: number): Promise<boolean> {
    const { rules, startToClose } = this.flow.facts;
    const { retry, retryAfter = 0 } = awsDetailsOf(failure);
    // A conflict is not an error to be fixed, but another writer, for which the run waits as long as there is time.
    const mendable = retry === 'tenMinutes' && effect === 'unknown';
    if (!mendable) this.#mending = 0;
    if (this.#tried >= this.#timeout || this.#mending >= rules.mendedWithin) return true;
    const interval = nextTry(++this.#number, this.#tried, this.#timeout, rules.retries);
    // Jitter, so that runs which lost their replies at the same time do not all retry at the same time.
    const pause = Math.max(Math.ceil(interval * (0.5 + Math.random() / 2)), retryAfter);
    // An attempt takes no longer than `startToClose`. The rest of the time it waited for a worker.
    const spent = Math.min(Date.now() - sent, startToClose) + pause;
    this.#tried += spent;
    if (mendable) this.#mending += spent;
    const why =
      effect === 'conflict' ? 'conflict with another writer' : (originOf(failure)?.type ?? 'no reply');
    this.flow.warn(`${this.change.step}: ${why}; next attempt in ${Math.round(pause / 1000)} s`);
    await sleep(pause, { summary: `wait before ${this.change.step}` });
    return false;
  }
}
