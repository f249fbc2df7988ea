import { ActivityFailure, CancellationScope, isCancellation, sleep } from '@temporalio/workflow';
import { awsDetailsOf, flowFailure, hintIn, isUnattended, originOf, patienceFor } from './failures.ts';
import type { Flow } from './flow.ts';

/** What a look at AWS tells of a start whose token may be forgotten by now. */
export type Trace<Made> =
  | { kind: 'none' }
  | { kind: 'ours'; made: Made }
  /** What is there may be ours or not: a sentence on why. */
  | { kind: 'perhaps'; why: string };

/** Something of the right name and age, where others may have given that name as well. */
export const namesake = (what: string) => ({
  kind: 'perhaps' as const,
  why: `${what}, which has the same name and came since this run began, may or may not be its own`,
});

/** The start of something that AWS makes once for each client token. */
export interface Start<Made> {
  step: string;
  /** One start with a token, tried again by Temporal within `budget` milliseconds. */
  start: (budget: number) => Promise<Made>;
  /** Looks, for so many milliseconds, for what an earlier attempt of this very run may have made. */
  trace: (budget: number) => Promise<Trace<Made>>;
  /** Milliseconds in all. */
  timeout: number;
}

/** The first round of attempts is short, so that what goes wrong is soon seen in the run's progress. */
const FIRST_ROUND = 60_000;

/**
 * Makes something once, whatever dies and for however long.
 *
 * Within the life of its token a repeated start gives the same thing back. Beyond it, since neither service says how long
 * it remembers a token, the run looks at what is there before it asks again.
 *
 * @throws ActivityFailure of the last attempt, when it will not pass or the time is over
 * @throws ApplicationFailure `OutcomeUnknown` when what is there may be ours or not
 */
export async function startOnce<Made>(
  flow: Flow,
  { step, start, trace, timeout }: Start<Made>,
): Promise<Made> {
  const { tokenLife, readBudget } = flow.facts;
  const since = Date.now();
  let lookAfter = tokenLife;
  let inDoubt = false;
  for (let round = FIRST_ROUND; ; round *= 2) {
    const tried = Date.now() - since;
    try {
      return await start(Math.min(round, tokenLife, timeout));
    } catch (error) {
      if (!mayPass(error, tried, timeout)) throw error;
      inDoubt ||= awsDetailsOf(error).effect === 'unknown';
      flow.warn(`${step}: ${originOf(error)?.type ?? 'no answer'}; tried again`);
      // A hint that reaches beyond the round has ended it at once: without a sleep the rounds would follow each other.
      if (hintIn(error) > 0) await sleep(hintIn(error), { summary: `wait before ${step}` });
    }
    if (Date.now() - since < lookAfter) continue;
    // Each look may be pages long: a run that waits for a day looks a few times, not every ten minutes.
    lookAfter *= 2;
    const left = Math.max(timeout - (Date.now() - since), readBudget);
    // Where every answer was a refusal, that nobody may look is no reason to give up, nor is another's of that name.
    const found = inDoubt ? await trace(left) : await trace(readBudget).catch(unlessCancelled);
    if (found && found.kind !== 'perhaps') flow.settleDoubt();
    if (found?.kind === 'ours') return found.made;
    if (found?.kind === 'perhaps' && inDoubt)
      throw flowFailure('OutcomeUnknown', `no answer, and ${found.why}`);
  }
}

function unlessCancelled(error: unknown): undefined {
  if (isCancellation(error)) throw error;
}

/**
 * Whether Temporal gave up only because the round was over, on an error that is still worth trying again.
 *
 * @param tried - when the round began, in milliseconds since the first did: the time after it may have had no worker
 */
function mayPass(error: unknown, tried: number, timeout: number): boolean {
  if (CancellationScope.current().consideredCancelled) return false;
  const { retry } = awsDetailsOf(error);
  const roundOver =
    isUnattended(error) || (error instanceof ActivityFailure && error.retryState === 'TIMEOUT');
  return roundOver && retry !== 'never' && tried < patienceFor(retry, timeout);
}
