import { sleep } from '@temporalio/workflow';
import type { Sighting } from '../../activities/find.ts';
import type { WaitKind } from '../../pacing/pacing.ts';
import type { Polling } from '../../pacing/polling.ts';
import { Attempts, type FailedAttempt } from './attempts.ts';
import { orUnknown, outcomeUnknown } from './failures.ts';
import type { Flow } from './flow.ts';

/** What became of a change whose reply was lost. */
export type Found<Reply> =
  | { kind: 'unchanged' }
  | { kind: 'ours'; reply: Reply }
  /** Another writer has changed the resource instead. */
  | { kind: 'rival' }
  /** More than one thing could be it: a sentence on what was found. */
  | { kind: 'unclear'; why: string };

/** The attempts whose replies were lost, and which AWS may have applied, or may still apply. */
export interface Doubt<Basis> {
  /** What each of them was based on, the first one first. */
  sent: readonly [Basis, ...Basis[]];
  /** When the first of them was sent, in milliseconds since 1970. */
  since: number;
  /** What was read since, after a conflict: a later read may go to a replica that shows less than this. */
  seen: Basis;
}

/**
 * What keeps a second attempt from doing harm where the reply to the first was lost:
 *
 * - `harmless`: nothing has to, because doing it twice is doing it once, as with tags.
 * - `token`: AWS gives the same thing back for the same client token. Neither service says for how long, so once
 *   `CLIENT_TOKEN_LIFE` is over the run looks before it sends again.
 * - `version`: AWS applies at most one change to one version, or one deletion to one resource. Sending again is safe, and
 *   the run looks when it is refused, to tell its own change from another writer's.
 * - `none`: every attempt makes something new, as a copy without a destination does. The run looks before each further
 *   attempt.
 */
export type Guard = 'harmless' | 'token' | 'version' | 'none';

/** One change of something in AWS, or the start of a job. */
export type Change<Basis, Reply> = Attempted<Basis, Reply> & (Guarded<Basis, Reply> | { guard: 'harmless' });

interface Attempted<Basis, Reply> {
  /** The document's step id. */
  step: string;
  /** The resource that is changed: its pacing says for how long to try. */
  kind: WaitKind;
  polling: Polling | undefined;
  /** Reads what the change is based on, and waits until the resource is free. */
  prepare(): Promise<Basis>;
  /** One attempt, by `flow.change`, which is to be given the budget. */
  send(basis: Basis, budget: number): Promise<Reply>;
}

interface Guarded<Basis, Reply> {
  guard: Exclude<Guard, 'harmless'>;
  /** Finds out what became of attempts whose replies were lost. */
  find(doubt: Doubt<Basis>): Promise<Found<Reply>>;
  /** For how long what `find` reads may not show a change that was applied, in milliseconds. */
  lag: number;
}

/** The `prepare` of a change that is based on nothing. */
export const nothing = (): Promise<void> => Promise.resolve();

/** What a search for something that the run may have started means to the run. */
export function foundOf<Made>(sighting: Sighting, what: string, make: (id: string) => Made): Found<Made> {
  if (sighting.kind === 'none') return { kind: 'unchanged' };
  if (sighting.kind === 'ours') return { kind: 'ours', reply: make(sighting.id) };
  const why = `${what} ${sighting.id}, which has the same name and came since this run began, may be another run's`;
  return { kind: 'unclear', why };
}

/**
 * Makes a change exactly once, and never takes another writer's change for its own.
 *
 * AWS may have applied a request whose reply was lost. What a further attempt would do then depends on the {@link Guard};
 * before one that could do harm, and before the run gives up, it looks at what is there:
 *
 * - its own change: the change is made;
 * - another writer's: the run prepares again and sends another request;
 * - nothing: a start with a token is sent again as if for the first time. The doubt about any other attempt stays, because
 *   that request may still arrive late.
 *
 * @throws ActivityFailure of an attempt that AWS has rejected, or of the last one when the time is over
 * @throws ApplicationFailure `OutcomeUnknown` when nobody can say whether the change was made
 */
export async function once<Basis, Reply>(flow: Flow, change: Change<Basis, Reply>): Promise<Reply> {
  const { step, guard } = change;
  const { startToClose, tokenLife } = flow.facts;
  const attempts = new Attempts(flow, change);
  let basis = await change.prepare();
  let doubt: Omit<Doubt<Basis>, 'seen'> | undefined;
  for (;;) {
    // The attempt must reach AWS while AWS still remembers the token of the one whose reply was lost.
    const latest = doubt && guard === 'token' ? doubt.since + tokenLife - startToClose : Infinity;
    const attempt = await attempts.make((budget) => change.send(basis, budget), latest);
    if (attempt.kind === 'answered') {
      flow.settleDoubt(step);
      return attempt.reply;
    }
    const { failure, effect, last, sent } = attempt;
    if (effect === 'unknown') {
      flow.noteDoubt(step);
      doubt = { since: doubt?.since ?? sent, sent: doubt ? [...doubt.sent, basis] : [basis] };
    }
    if (effect === 'conflict' && !last) {
      basis = doubt ? await orUnknown(step, () => change.prepare()) : await change.prepare();
    }
    if (doubt && change.guard !== 'harmless' && mustLook(change.guard, attempt, latest)) {
      const found = await look(flow, change, { ...doubt, seen: basis }, effect);
      if (found.kind === 'unclear') throw outcomeUnknown(step, found.why);
      const isOver = found.kind === 'ours' || found.kind === 'rival' || guard === 'token';
      if (isOver) flow.settleDoubt(step);
      if (found.kind === 'ours') return found.reply;
      if (isOver) doubt = undefined;
      if (found.kind === 'rival' && !last) basis = await change.prepare();
    }
    if (last) {
      flow.board.enter(step);
      throw doubt && guard !== 'harmless' && effect !== 'rejected' ? outcomeUnknown(step) : failure;
    }
  }
}

/**
 * Finds out what became of requests whose replies were lost.
 *
 * An answer to a later request shows that something has moved, so that the run looks at once. Otherwise, and where it sees
 * nothing then, it waits first: the request that timed out a moment ago may still reach AWS, and what it does shows only
 * after the lag.
 */
async function look<Basis, Reply>(
  flow: Flow,
  change: Attempted<Basis, Reply> & Guarded<Basis, Reply>,
  doubt: Doubt<Basis>,
  effect: FailedAttempt['effect'],
): Promise<Found<Reply>> {
  const find = () => orUnknown(change.step, () => change.find(doubt));
  if (effect === 'conflict' || effect === 'rejected') {
    const found = await find();
    if (effect === 'conflict' || found.kind !== 'unchanged') return found;
  }
  const summary = `wait before looking for ${change.step}`;
  await sleep(flow.facts.startToClose + change.lag, { summary });
  return find();
}

/** Whether what AWS shows has to be read before anything else, now that an attempt has failed. */
function mustLook(
  guard: Exclude<Guard, 'harmless'>,
  { effect, last }: FailedAttempt,
  latest: number,
): boolean {
  if (last || guard === 'none') return true;
  if (guard === 'version') return effect === 'conflict';
  // Refusals are retried within the attempt, and end it only when the life of the token is over.
  return effect === 'refused' || Date.now() >= latest;
}
