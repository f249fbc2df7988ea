import type { FlowName } from '../../src/input-rules/flows.ts';

/** An intended behaviour, its code, and the tests that fail without it. */
export interface Behaviour {
  readonly what: string;
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly code: string;
  readonly without: string;
  /** The test files that check it, as jest's path patterns. */
  readonly tests: readonly string[];
  /** A pattern that selects tests by their full names. */
  readonly named: string;
  /** For each of these flows a test that names it must fail. Without flows, any one test must fail. */
  readonly flows?: readonly FlowName[];
}
