import { sleep } from '@temporalio/workflow';
import { Attempts } from './attempts.ts';
import { orUnknown, outcomeUnknown } from './failures.ts';
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

/** The start of something that AWS makes once for each client token, or that does no harm when it is done twice. */
export interface Start<Made> {
  step: string;
  /** One attempt with the token, which may wait for a worker for `budget` milliseconds. */
  start: (budget: number) => Promise<Made>;
  /** Looks for what an earlier attempt of this very run may have made. Absent where it does no harm to do it twice. */
  trace?: () => Promise<Trace<Made>>;
  /** Milliseconds in all. */
  timeout: number;
}

/**
 * Makes something once, whatever dies and for however long.
 *
 * Within the life of its token a repeated start gives the same thing back. Beyond it, since neither service says how long
 * it remembers a token, the run looks at what is there before it asks again, if any attempt was left without an answer.
 *
 * @throws ActivityFailure of the last attempt, when it will not pass or the time is over
 * @throws ApplicationFailure `OutcomeUnknown` when what is there may be ours or not, or cannot be seen
 */
export async function startOnce<Made>(flow: Flow, once: Start<Made>): Promise<Made> {
  const { step, timeout, trace } = once;
  const { tokenLife, startToClose } = flow.facts;
  const attempts = new Attempts(flow, once);
  /** When the first attempt was sent that nobody has answered, and that nobody has looked for since. */
  let unanswered: number | undefined;
  for (let looks = 0; ;) {
    const budget = unanswered === undefined ? timeout : unanswered + tokenLife - Date.now();
    // Each look may be pages long: a run that tries for a day looks some fifteen times.
    const attempt = await attempts.make(() => once.start(budget), looks * tokenLife);
    if (attempt.kind === 'answered') return attempt.reply;
    const { failure, effect, last, sent } = attempt;
    if (trace && effect === 'unknown') unanswered ??= sent;
    if (trace && unanswered !== undefined && (last || Date.now() - unanswered >= tokenLife)) {
      // What was given up a moment ago may still be on its way.
      await sleep(startToClose, { summary: `wait for ${step}` });
      looks++;
      const found = await orUnknown(step, trace);
      if (found.kind === 'perhaps') throw outcomeUnknown(step, found.why);
      flow.settleDoubt();
      if (found.kind === 'ours') return found.made;
      unanswered = undefined;
    }
    if (last) {
      flow.board.enter(step);
      throw failure;
    }
  }
}
