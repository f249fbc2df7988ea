import type { FailureType } from './failures.ts';

/**
 * What one read of a resource means to the run that waits for it.
 *
 * The classifiers of data stores, jobs and image sets are pure functions without a `default` branch, so that a status added
 * by a newer SDK is a lint error (`switch-exhaustiveness-check`). AWS may also add a status that the installed SDK does not
 * know. For such a status the run logs a warning and waits on, until the wait times out.
 */
export type Verdict =
  | { kind: 'going'; queued?: true; warning?: string }
  | { kind: 'settled'; byAnother?: true }
  | { kind: 'failed'; type: FailureType; why: string };

export const GOING: Verdict = { kind: 'going' };
export const SETTLED: Verdict = { kind: 'settled' };
export const failed = (type: FailureType, why: string): Verdict => ({ kind: 'failed', type, why });
export const unknownStatus = (status: string | undefined): Verdict => ({
  kind: 'going',
  warning: `status ${status ?? '(none)'} is not known to this version; taken as still going`,
});
