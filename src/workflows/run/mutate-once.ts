import { Attempts } from './attempts.ts';
import { orUnknown, outcomeUnknown } from './failures.ts';
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
  /** Milliseconds in all, but for what preparing and finding take: they have waits of their own. */
  timeout: number;
  /** Reads what the change is based on, and waits until it is free. */
  prepare(): Promise<Basis>;
  /** One attempt. */
  send(basis: Basis): Promise<Reply>;
  /**
   * Reads what became of attempts whose effect is unknown.
   */
  find(doubt: Doubt<Basis>): Promise<Found<Reply>>;
}

/** The attempts that nobody has answered, and that may still take effect, or have. */
export interface Doubt<Basis> {
  /** What each of them was based on, the first one first: that may have moved on between two. */
  sent: readonly [Basis, ...Basis[]];
  /** When the first of them was sent, in milliseconds since 1970. */
  since: number;
  /** What was read since, as a conflict was met: reads may go back in time, and see less than this. */
  seen: Basis;
}

/**
 * Makes a change exactly once, and never takes another writer's change for its own.
 *
 * - Certainly not done and worth another try (throttled, quota, connection refused): sent again.
 * - Refused by the guard (locked, or a newer version): decided anew, from a fresh read.
 * - Possibly done: read. Unchanged → sent again, guarded by the *same* version, so that the first request, should it
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
  let doubt: Omit<Doubt<Basis>, 'seen'> | undefined;
  const attempts = new Attempts(flow, change);
  for (;;) {
    const attempt = await attempts.make(() => change.send(basis));
    if (attempt.kind === 'answered') return attempt.reply;
    const { failure, effect, last, sent } = attempt;
    if (effect === 'unknown') {
      doubt = { since: doubt?.since ?? sent, sent: doubt ? [...doubt.sent, basis] : [basis] };
    }
    if (effect === 'conflict' && !last) {
      basis = doubt ? await orUnknown(change.step, () => change.prepare()) : await change.prepare();
    }
    const open = doubt;
    const found = open && (await orUnknown(change.step, () => change.find({ ...open, seen: basis })));
    if (found?.kind === 'unclear') throw outcomeUnknown(change.step, found.why);
    if (found && found.kind !== 'unchanged') flow.settleDoubt();
    if (found?.kind === 'ours') return found.reply;
    if (found?.kind === 'rival') doubt = undefined;
    if (last) {
      flow.board.enter(change.step);
      throw doubt && effect !== 'rejected' ? outcomeUnknown(change.step) : failure;
    }
    if (found?.kind === 'rival') basis = await change.prepare();
  }
}
