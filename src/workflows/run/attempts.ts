import { sleep } from '@temporalio/workflow';
import type { AwsFailureDetails } from '../../activities/aws-errors.ts';
import { nextTry, type WaitKind } from '../../pacing/pacing.ts';
import type { Polling } from '../../pacing/polling.ts';
import { awsDetailsOf, isUnattended, originOf } from './failures.ts';
import type { Flow } from './flow.ts';

/** An attempt without a reply, and what is known of its effect. */
export interface FailedAttempt {
  kind: 'failed';
  failure: unknown;
  effect: AwsFailureDetails['effect'];
  /** Whether there is no time for another one. */
  last: boolean;
  /** When it was scheduled, in milliseconds since 1970. */
  sent: number;
}

type Attempt<Reply> = { kind: 'answered'; reply: Reply } | FailedAttempt;

/** What is attempted, and how long to go on. */
interface Attempted {
  step: string;
  kind: WaitKind;
  polling: Polling | undefined;
}

/**
 * The attempts of one change, each of them one activity.
 *
 * Temporal itself retries what AWS refuses for now, within one activity: a day of throttling then costs a few events, where
 * an activity for each attempt would fill the history. What comes back here are lost replies and conflicts, which the run
 * has to decide about.
 *
 * Only time in which a worker lives counts: a change that no worker could send for a night has not been tried for a night.
 */
export class Attempts {
  readonly #flow: Flow;
  readonly #step: string;
  /** How long to go on after lost replies and conflicts. */
  readonly #timeout: number;
  /** How long to go on while AWS refuses. */
  #patience: number;
  #number = 0;
  #tried = 0;
  /** How long the errors have lasted that somebody may be fixing. */
  #mending = 0;
  #unattended = 0;

  constructor(flow: Flow, { step, kind, polling }: Attempted) {
    this.#flow = flow;
    this.#step = step;
    this.#timeout = flow.pacing(kind, polling).timeout;
    this.#patience = polling?.timeout === undefined ? flow.facts.rules.throttledFor : this.#timeout;
  }

  /**
   * Makes an attempt. After a lost reply or a conflict it waits until it is time for the next one, if there is to be one.
   *
   * @param send - sends the request; `budget` is how long it may be retried while AWS refuses it, in milliseconds
   * @param latest - when the request may reach AWS at the latest, in milliseconds since 1970
   * @throws what is not the failure of a call: a cancellation, or a bug
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

  /** @param cut - whether the attempt had less time than there is left */
  #isLastRefusal(failure: unknown, sent: number, cut: boolean): boolean {
    if (isUnattended(failure)) {
      if (!cut) this.#unattended += 1;
      return this.#unattended >= this.#flow.facts.rules.unattendedRounds;
    }
    this.#patience -= Date.now() - sent;
    return !cut || this.#patience <= 0;
  }

  /** @returns whether there is no time left for another attempt */
  async #awaitNext(failure: unknown, effect: 'conflict' | 'unknown', sent: number): Promise<boolean> {
    const { rules, startToClose } = this.#flow.facts;
    const { retry, retryAfter = 0 } = awsDetailsOf(failure);
    // A conflict is another writer, who is waited for as long as there is time.
    const mendable = retry === 'tenMinutes' && effect === 'unknown';
    if (!mendable) this.#mending = 0;
    if (this.#tried >= this.#timeout || this.#mending >= rules.mendedWithin) return true;
    const interval = nextTry(++this.#number, this.#tried, this.#timeout, rules.retries);
    // Jitter, so that runs which lost their replies together do not all come back together.
    const pause = Math.max(Math.ceil(interval * (0.5 + Math.random() / 2)), retryAfter);
    // What it took beyond that, it waited for a worker.
    const spent = Math.min(Date.now() - sent, startToClose) + pause;
    this.#tried += spent;
    if (mendable) this.#mending += spent;
    const why =
      effect === 'conflict' ? 'another writer was faster' : (originOf(failure)?.type ?? 'no answer');
    this.#flow.warn(`${this.#step}: ${why}; next attempt in ${Math.round(pause / 1000)} s`);
    await sleep(pause, { summary: `wait before ${this.#step}` });
    return false;
  }
}
