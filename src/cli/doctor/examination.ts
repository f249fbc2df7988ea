/** Runs the checks of `doctor` one after the other. A check is skipped if another check that it needs has failed. */
import { isRecord } from '../../lib/guards.ts';
import { UserError, messageOf } from '../../lib/user-error.ts';
import type { Terminal } from '../terminal.ts';

export interface Finding {
  readonly check: string;
  readonly status: 'ok' | 'failed' | 'not checked';
  readonly found: string;
  /** What to do; absent if `found` already says it. */
  readonly fix?: string;
}

/** What is wrong, and how to fix it. */
export class Fault extends UserError {
  /**
   * @param cause - what else must be broken, such as an endpoint; checks that need it are skipped
   */
  constructor(
    message: string,
    readonly fix: string,
    override readonly cause?: string,
  ) {
    super(message);
  }
}

/** Thrown by a check that does not apply here, with the reason. It does not count as failed. */
export class NotApplicable extends Error {}

interface Check<Found> {
  readonly name: string;
  /** Names of other checks, and of causes that a {@link Fault} may name. */
  readonly needs?: readonly string[];
  /**
   * @throws Fault
   * @throws UserError whose message says what to do
   * @throws NotApplicable
   * @throws Error that `faultOf` makes a fault of
   */
  readonly look: () => Promise<Found>;
  /** Describes what was found. */
  readonly tell: (found: Found) => string;
  /** Makes an error of a server a fault. */
  readonly faultOf?: (error: unknown) => Fault;
}

export class Examination {
  readonly findings: Finding[] = [];
  readonly #broken = new Set<string>();

  constructor(readonly terminal: Terminal) {}

  /**
   * Runs one check and prints what it found, unless something that it needs is broken. So each cause is reported once, by the
   * check that tests it. Without this rule, a wrong namespace would also be reported as a missing worker, with a fix that does
   * not help.
   *
   * @returns what `look` has returned; undefined if the check has failed or was skipped
   */
  async check<Found>({ name, needs = [], look, tell, faultOf }: Check<Found>): Promise<Found | undefined> {
    const missing = needs.filter((need) => this.#broken.has(need));
    if (missing.length > 0) {
      this.#broken.add(name);
      this.#add({ check: name, status: 'not checked', found: `needs ${missing.join(' and ')}` });
      return undefined;
    }
    try {
      const found = await look();
      this.#add({ check: name, status: 'ok', found: tell(found) });
      return found;
    } catch (error) {
      if (error instanceof NotApplicable) {
        this.#add({ check: name, status: 'not checked', found: error.message });
        return undefined;
      }
      const fault = error instanceof UserError || !faultOf ? error : faultOf(error);
      const { fix, cause } = fault instanceof Fault ? fault : {};
      this.#broken.add(name);
      if (cause !== undefined) this.#broken.add(cause);
      this.#add({ check: name, status: 'failed', found: reasonOf(fault), ...(fix !== undefined && { fix }) });
      return undefined;
    }
  }

  #add(finding: Finding): void {
    const { check, status, found, fix } = finding;
    this.findings.push(finding);
    const marks = { ok: '✓', failed: '✗', 'not checked': '–' };
    const text = status === 'not checked' ? `not checked: ${found}` : found;
    this.terminal.say(`${marks[status]} ${check.padEnd(18)} ${text}`);
    if (fix !== undefined) this.terminal.say(`  to fix it: ${fix}`);
  }
}

/** The message of an error, with its code or name: some network errors have no message, and AWS's error names are clearer. */
export function reasonOf(error: unknown): string {
  if (error instanceof UserError || !isRecord(error)) return messageOf(error);
  const { name, code, message } = error;
  const parts = [typeof code === 'string' ? code : name === 'Error' ? undefined : name, message];
  return parts.filter((part) => typeof part === 'string' && part !== '').join(': ');
}

/**
 * The result of an earlier check, for a check that lists it in `needs`.
 *
 * @throws Error if the check does not list it, which is a bug in this program
 */
export function needed<Found>(found: Found | undefined): Found {
  if (found === undefined)
    throw new Error('a check uses the result of another check that it does not list in its needs');
  return found;
}
