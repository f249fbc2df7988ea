/** The checks of `doctor`, one after the other: what each has found, and which were not made since they need another. */
import { isRecord } from '../../lib/guards.ts';
import { UserError } from '../../lib/user-error.ts';
import type { Terminal } from '../terminal.ts';

export interface Finding {
  readonly check: string;
  readonly status: 'ok' | 'failed' | 'not checked';
  readonly found: string;
  /** What to do; absent where `found` says it. */
  readonly fix?: string;
}

/** What is wrong, and how it is put right. */
export class Fault extends UserError {
  /**
   * @param cause - what else is thereby known to be broken, such as an endpoint: checks that need it are not made
   */
  constructor(
    message: string,
    readonly fix: string,
    override readonly cause?: string,
  ) {
    super(message);
  }
}

/** A check that does not apply here, and why. It does not count as failed. */
export class NotApplicable extends Error {}

interface Check<Found> {
  readonly name: string;
  /** Names of checks, and whatever a {@link Fault} may name as its cause. */
  readonly needs?: readonly string[];
  /**
   * @throws Fault, or a UserError whose message says what to do, or an error that `faultOf` knows; NotApplicable
   */
  readonly look: () => Promise<Found>;
  /** What was found, for a person. */
  readonly tell: (found: Found) => string;
  /** Makes an error of a server a fault. */
  readonly faultOf?: (error: unknown) => Fault;
}

export class Examination {
  readonly findings: Finding[] = [];
  readonly #broken = new Set<string>();

  constructor(readonly terminal: Terminal) {}

  /**
   * Makes one check, unless something that it needs is broken, and shows what it has found. One cause is thereby told
   * once, by the check that is nearest to it: whatever follows from it would come with a remedy that does not help.
   *
   * @returns what `look` has found; undefined where the check has failed or was not made
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
    const said = status === 'not checked' ? `not checked: ${found}` : found;
    this.terminal.say(`${marks[status]} ${check.padEnd(18)} ${said}`);
    if (fix !== undefined) this.terminal.say(`  to mend it: ${fix}`);
  }
}

/** Network errors have an empty message at times, and AWS's own names say more than their texts. */
export function reasonOf(error: unknown): string {
  if (error instanceof UserError || !isRecord(error))
    return error instanceof Error ? error.message : String(error);
  const { name, code, message } = error;
  const parts = [typeof code === 'string' ? code : name === 'Error' ? undefined : name, message];
  return parts.filter((part) => typeof part === 'string' && part !== '').join(': ');
}

/**
 * What an earlier check has found, for a check that has named it among its needs.
 *
 * @throws Error where it was not named, which is a bug of ours
 */
export function needed<Found>(found: Found | undefined): Found {
  if (found === undefined) throw new Error('a check uses what it has not named among its needs');
  return found;
}
