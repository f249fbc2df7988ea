import { sleep } from '@temporalio/workflow';
import type { Sighting } from '../../activities/find.ts';
import type { WaitKind } from '../../pacing/pacing.ts';
import type { Polling } from '../../pacing/polling.ts';
import { Attempts, type FailedAttempt } from './attempts.ts';
import { orUnknown, outcomeUnknown } from './failures.ts';
import type { Flow } from './flow.ts';

/** What a run has found out about a change whose reply was lost. */
export type Found<Reply> =
  | { kind: 'unchanged' }
  | { kind: 'ours'; reply: Reply }
  /** Another writer has changed the resource instead. */
  | { kind: 'rival' }
  /** What was found may be the run's change or another writer's. */
  | { kind: 'unclear'; why: string };

/** The attempts whose replies were lost. AWS may have applied them, or may still apply them. */
export interface Doubt<Basis> {
  /** What each of them was based on, in order. */
  sent: readonly [Basis, ...Basis[]];
  /** When the first of them was sent, in milliseconds since 1970. */
  since: number;
  /** What the latest request was based on, or what was read after a conflict. The next read may show an older state. */
  seen: Basis;
}

/**
 * Why it is safe to send a request again whose reply was lost:
 *
 * - `harmless`: the request is idempotent, such as one that sets tags.
 * - `token`: for the same client token AWS returns what the first request created. Neither service documents how long a token
 *   is valid, so after `CLIENT_TOKEN_LIFE` the run searches for the result of the first request before it sends another.
 * - `version`: AWS applies at most one change to one version, or one deletion to one resource. If AWS answers a further
 *   request with a conflict, the run reads the resource, to tell its own change from another writer's.
 * - `none`: it is not safe, because each request creates something new, such as a copy without a destination. The run
 *   searches for the result before each further attempt.
 */
export type Guard = 'harmless' | 'token' | 'version' | 'none';

/** A change to a resource, or the start of a job. */
export type Change<Basis, Reply> = Attempted<Basis, Reply> & (Guarded<Basis, Reply> | { guard: 'harmless' });

export interface Attempted<Basis, Reply> {
  /** The document's step id. */
  step: string;
  /** The kind of resource: its pacing sets how long to retry. */
  kind: WaitKind;
  polling: Polling | undefined;
  /** Reads what the change is based on, and waits until the resource is free. */
  prepare(): Promise<Basis>;
  /** Sends the request by `flow.change`, with this budget. */
  send(basis: Basis, budget: number): Promise<Reply>;
}

export interface Guarded<Basis, Reply> {
  guard: Exclude<Guard, 'harmless'>;
  /** Finds out whether AWS has applied the attempts whose replies were lost. */
  find(doubt: Doubt<Basis>): Promise<Found<Reply>>;
  /** How long it takes until `find` sees a change that AWS has applied, in milliseconds. */
  lag: number;
}

/** The `prepare` of a change that is based on nothing. */
export const nothing = (): Promise<void> => Promise.resolve();

/** Interprets a search for something that the run may have started. */
export function foundOf<Made>(sighting: Sighting, what: string, make: (id: string) => Made): Found<Made> {
  if (sighting.kind === 'none') return { kind: 'unchanged' };
  if (sighting.kind === 'ours') return { kind: 'ours', reply: make(sighting.id) };
  const why = `${what} ${sighting.id}, which has the same name and was created since this run began, may be another run's`;
  return { kind: 'unclear', why };
}

/**
 * Makes a change exactly once, and never takes another writer's change for its own.
 *
 * AWS may have applied a request whose reply was lost. Where another request would not be safe then (see {@link Guard}), and
 * before the run fails, the run finds out what AWS shows:
 *
 * - the run's own change: `once` returns it;
 * - another writer's change: the run sends a new request, based on what it has read after the conflict;
 * - no change: with a client token, the run sends the request again. With the other guards the change stays in doubt,
 *   because the first request may still arrive late.
 *
 * @throws ActivityFailure of an attempt that AWS has rejected, or of the last attempt
 * @throws ApplicationFailure `OutcomeUnknown` if the run cannot find out whether AWS has made the change
 */
export async function once<Basis, Reply>(flow: Flow, change: Change<Basis, Reply>): Promise<Reply> {
  const { step, guard } = change;
  const { startToClose, tokenLife } = flow.facts;
  const attempts = new Attempts(flow, change);
  let basis = await change.prepare();
  let doubt: Omit<Doubt<Basis>, 'seen'> | undefined;
  for (;;) {
    // The request must reach AWS while the token of the lost request is still valid. A later one would start a second job.
    const latest = doubt && guard === 'token' ? doubt.since + tokenLife - startToClose : Infinity;
    const attempt = await attempts.make((budget) => change.send(basis, budget), latest);
    if (attempt.kind === 'answered') {
      flow.inDoubt.delete(step);
      return attempt.reply;
    }
    const { failure, effect, last, sent } = attempt;
    if (effect === 'unknown') {
      flow.inDoubt.add(step);
      doubt = { since: doubt?.since ?? sent, sent: doubt ? [...doubt.sent, basis] : [basis] };
    }
    if (effect === 'conflict' && !last) {
      basis = doubt ? await orUnknown(step, () => change.prepare()) : await change.prepare();
    }
    if (doubt && change.guard !== 'harmless' && mustLook(change.guard, attempt, latest)) {
      const found = await look(flow, change, { ...doubt, seen: basis }, effect);
      if (found.kind === 'unclear') throw outcomeUnknown(step, found.why);
      const isOver = found.kind !== 'unchanged' || guard === 'token';
      if (isOver) flow.inDoubt.delete(step);
      if (found.kind === 'ours') return found.reply;
      if (isOver) doubt = undefined;
    }
    if (last) {
      flow.board.enter(step);
      throw doubt && guard !== 'harmless' && effect !== 'rejected' ? outcomeUnknown(step) : failure;
    }
  }
}

/**
 * Finds out whether AWS has applied the requests whose replies were lost.
 *
 * If AWS has refused a later request, this may be because it has applied an earlier one, so the run reads at once. Otherwise,
 * and where that read shows no change, the run first waits one request timeout plus the lag: the request that just timed
 * out may still reach AWS, and reads show its effect only after the lag.
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

/** Whether to find out what AWS has applied before another attempt. */
function mustLook(
  guard: Exclude<Guard, 'harmless'>,
  { effect, last }: FailedAttempt,
  latest: number,
): boolean {
  if (last || guard === 'none') return true;
  if (guard === 'version') return effect === 'conflict';
  // Temporal retries refusals within the attempt. A refusal that ends the attempt means that the token has expired.
  return effect === 'refused' || Date.now() >= latest;
}
