import { isCancellation, sleep } from '@temporalio/workflow';
import { answerIn, awsDetailsOf, flowFailure, hintIn, patienceFor } from './failures.ts';
import type { Flow } from './flow.ts';

/** What became of a change whose reply never came. */
export type Found<Reply> =
  | { kind: 'unchanged' }
  | { kind: 'ours'; reply: Reply }
  | { kind: 'rival' }
  /** More than one thing could be it. */
  | { kind: 'unclear'; why: string };

/**
 * A change that the service has no token for. What guards it is the state it is based on: of an image set the version,
 * of a data store that is deleted its being there.
 */
export interface Change<Basis, Reply> {
  step: string;
  /** Milliseconds in all, from when it has been prepared. */
  timeout: number;
  /** Reads what the change is based on, and waits until it is free. */
  prepare(): Promise<Basis>;
  /** One attempt, with `maximumAttempts: 1`. */
  send(basis: Basis): Promise<Reply>;
  /**
   * Reads what became of attempts whose effect is unknown.
   */
  find(doubt: Doubt<Basis>): Promise<Found<Reply>>;
}

/** The attempts that nobody has answered, and that may still take effect, or have. */
export interface Doubt<Basis> {
  /** Of the first of them: every later one with these versions loses to the guard. */
  basis: Basis;
  /** When the first of them was sent, in milliseconds since 1970. */
  since: number;
}

/**
 * Makes a change exactly once, and never takes another writer's change for its own.
 *
 * - Certainly not done and worth another try (throttled, quota, connection refused): sent again.
 * - Refused by the guard (locked, or a newer version): decided anew, from a fresh read.
 * - Possibly done: read. Unchanged → sent again with the *original* versions, so that the first request, should it
 *   arrive late, loses to the guard. Changed → ours only on evidence; otherwise decided anew.
 *
 * The doubt about an attempt outlives every later refusal, and is looked into just before each further attempt: it ends
 * only when the version after its own has been judged.
 *
 * @throws ActivityFailure of an attempt that the service has rejected, or of the last one when the time is over
 * @throws ApplicationFailure `OutcomeUnknown` when nobody can say whether the change was made
 */
export async function mutateOnce<Basis, Reply>(flow: Flow, change: Change<Basis, Reply>): Promise<Reply> {
  let basis = await change.prepare();
  let doubt: Doubt<Basis> | undefined;
  const begun = Date.now();
  for (const pause of pauses()) {
    const sent = Date.now();
    let failure: unknown;
    try {
      return await change.send(basis);
    } catch (error) {
      if (isCancellation(error)) throw error;
      failure = error;
    }
    const { effect, retry } = awsDetailsOf(failure);
    if (effect === 'unknown') doubt ??= { basis, since: sent };
    // A conflict is another writer, who is waited for as long as there is time.
    const patience = effect === 'conflict' ? change.timeout : patienceFor(retry, change.timeout);
    // By when it was sent: after that, no worker may have been there.
    const last = effect === 'rejected' || sent - begun >= patience;
    if (!last) {
      const why =
        effect === 'conflict' ? 'another writer was faster' : (answerIn(failure)?.type ?? 'no answer');
      flow.warn(`${change.step}: ${why}; tried again`);
      await sleep(Math.max(pause, hintIn(failure)), { summary: `wait before ${change.step}` });
      if (effect === 'conflict') {
        basis = doubt ? await orUnknown(change.step, () => change.prepare()) : await change.prepare();
      }
    }
    const open = doubt;
    const found = open && (await orUnknown(change.step, () => change.find(open)));
    if (found?.kind === 'unclear') throw unknown(change.step, found.why);
    if (found && found.kind !== 'unchanged') flow.settleDoubt();
    if (found?.kind === 'ours') return found.reply;
    if (found?.kind === 'rival') doubt = undefined;
    if (last) throw doubt && effect !== 'rejected' ? unknown(change.step) : failure;
    if (found?.kind === 'rival') basis = await change.prepare();
  }
  throw unknown(change.step);
}

/** What fails while a change is in doubt leaves it in doubt; what it failed of is the cause. */
async function orUnknown<Result>(step: string, look: () => Promise<Result>): Promise<Result> {
  try {
    return await look();
  } catch (error) {
    throw isCancellation(error) ? error : unknown(step, undefined, error);
  }
}

/** 1, 2, 4 … 60, 60 … seconds, without end: the services throttle changes to one in four seconds. */
function* pauses(): Generator<number> {
  for (let pause = 1_000; ; pause = Math.min(2 * pause, 60_000)) yield pause;
}

function unknown(
  step: string,
  why = 'what AWS shows does not tell whether the change was made',
  cause?: unknown,
) {
  return flowFailure('OutcomeUnknown', `${step}: no reply, and ${why}`, {}, cause);
}
