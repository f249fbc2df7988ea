import { sleep } from '@temporalio/workflow';
import { effectOf, flowFailure } from './failures.ts';
import type { Flow } from './flow.ts';

/** What became of a change whose reply never came. */
export type Found<Reply> = { kind: 'unchanged' } | { kind: 'ours'; reply: Reply } | { kind: 'rival' };

/** A change of an image set. The service has no token for it; its one guard is the version that the change is based on. */
export interface Change<Basis, Reply> {
  step: string;
  /** Milliseconds in all. */
  timeout: number;
  /** Reads what the change is based on, and waits until it is free. */
  prepare(): Promise<Basis>;
  /** One attempt, with `maximumAttempts: 1`. */
  send(basis: Basis): Promise<Reply>;
  /**
   * Reads what became of attempts whose effect is unknown.
   *
   * @param since - when the first of them was sent, in milliseconds since 1970
   */
  find(basis: Basis, since: number): Promise<Found<Reply>>;
}

/**
 * Makes a change of an image set exactly once, and never takes another writer's change for its own.
 *
 * - Certainly not done and worth another try (throttled, quota, connection refused): sent again.
 * - Refused by the guard (locked, or a newer version): decided anew, from a fresh read.
 * - Possibly done: read. Unchanged → sent again with the *original* versions, so that the first request, should it
 *   arrive late, loses to the guard. Changed → ours only on evidence; otherwise decided anew.
 *
 * @throws ActivityFailure of an attempt that the service has rejected, or of the last one when the time is over
 * @throws ApplicationFailure `OutcomeUnknown` when the time is over and nobody can say whether the change was made
 */
export async function mutateOnce<Basis, Reply>(flow: Flow, change: Change<Basis, Reply>): Promise<Reply> {
  const end = Date.now() + change.timeout;
  for (const pause of pauses()) {
    const outcome = await sendUntilKnown(flow, change, await change.prepare(), end);
    if (outcome.kind === 'ours') return outcome.reply;
    flow.warn(`${change.step}: another writer was faster; decided anew from a fresh read`);
    await sleep(pause, { summary: `wait before ${change.step}` });
  }
  throw outOfTime(change.step);
}

async function sendUntilKnown<Basis, Reply>(
  flow: Flow,
  change: Change<Basis, Reply>,
  basis: Basis,
  end: number,
): Promise<Found<Reply>> {
  const since = Date.now();
  let inDoubt = false;
  for (const pause of pauses()) {
    let failure: unknown;
    try {
      return { kind: 'ours', reply: await change.send(basis) };
    } catch (error) {
      failure = error;
    }
    const effect = effectOf(failure);
    if (effect === undefined) throw failure;
    inDoubt ||= effect === 'unknown';
    if (inDoubt) {
      const found = await change.find(basis, since);
      if (found.kind !== 'unchanged') return found;
    }
    if (effect === 'rejected') throw failure;
    if (Date.now() >= end) throw inDoubt ? outOfTime(change.step) : failure;
    if (effect === 'conflict') return { kind: 'rival' };
    flow.warn(
      `${change.step}: ${inDoubt ? 'no reply, and nothing has changed' : 'refused for now'}; sent again`,
    );
    await sleep(pause, { summary: `wait before ${change.step}` });
  }
  throw outOfTime(change.step);
}

/** 1, 2, 4 … 30, 30 … seconds, without end: the services throttle changes to one in four seconds. */
function* pauses(): Generator<number> {
  for (let pause = 1_000; ; pause = Math.min(2 * pause, 30_000)) yield pause;
}

function outOfTime(step: string) {
  return flowFailure(
    'OutcomeUnknown',
    `${step}: no reply, and what AWS shows does not tell whether the change was made`,
  );
}
