import { originOf } from './failures.ts';

/** What is known of the thing that a wait reads. */
interface Known {
  /** Whether this run has just made it, or changed it: the service has accepted a call of ours for it. */
  ours: boolean;
  /** When the wait began, right after that call, in milliseconds since 1970. */
  began: number;
  /** How long a read may still show what was there before a change that the service has accepted, in milliseconds. */
  staleReads: number;
  /** How long access may be denied that was there before, in milliseconds. */
  mendedWithin: number;
}

/** The answers of HealthImaging, HealthLake and S3 to a caller without permission. */
const DENIED: ReadonlySet<string | undefined> = new Set(['AccessDeniedException', 'AccessDenied']);

/**
 * The refused reads of one wait that say nothing of what is awaited, and after which it is read again:
 *
 * - "not found" of what this run has just made: a read may go to a replica that does not have it yet;
 * - "access denied" where access was there a moment ago: a policy is being changed, or not in force everywhere yet.
 *
 * Without this one such answer would end the run, while the job goes on in AWS.
 */
export class Lapses {
  #deniedSince: number | undefined;
  #hadAccess: boolean;

  constructor(readonly known: Known) {
    this.#hadAccess = known.ours;
  }

  /** Notes a read that was answered. */
  end(): void {
    this.#hadAccess = true;
    this.#deniedSince = undefined;
  }

  /**
   * Judges a read that has failed.
   *
   * @param now - in milliseconds since 1970
   * @returns for how long such answers have come, in milliseconds
   * @throws the failure, where reading again is of no use
   */
  excuse(failure: unknown, now: number): number {
    const type = originOf(failure)?.type;
    const { ours, began, staleReads, mendedWithin } = this.known;
    if (type === 'ResourceNotFoundException' && ours && now - began < staleReads) return now - began;
    if (DENIED.has(type ?? undefined) && this.#hadAccess) {
      this.#deniedSince ??= now;
      if (now - this.#deniedSince < mendedWithin) return now - this.#deniedSince;
    }
    throw failure;
  }
}
