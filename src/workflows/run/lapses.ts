import { originOf } from './failures.ts';

interface Known {
  /** Whether this run has just created or changed the resource. */
  ours: boolean;
  /** When the wait began, right after that call, in milliseconds since 1970. */
  began: number;
  /** How long reads may show the state of before an accepted change, in milliseconds. */
  staleReads: number;
  /** How long to retry after access is denied that was granted before, in milliseconds. */
  mendedWithin: number;
}

/** The exceptions of HealthImaging, HealthLake and S3 for a caller without permission. */
const DENIED: ReadonlySet<string | undefined> = new Set(['AccessDeniedException', 'AccessDenied']);

/**
 * The errors of reads after which a wait reads again:
 *
 * - "not found" for what this run has just created: reads are eventually consistent, so it may not be visible yet;
 * - "access denied" where access was granted before: somebody is changing a policy, or the change has not reached all of AWS.
 *
 * Without this, one such error would end the run, while the job continues in AWS.
 */
export class Lapses {
  #deniedSince: number | undefined;
  #hadAccess: boolean;

  constructor(readonly known: Known) {
    this.#hadAccess = known.ours;
  }

  /** Notes that a read has succeeded. */
  end(): void {
    this.#hadAccess = true;
    this.#deniedSince = undefined;
  }

  /**
   * Decides whether the wait reads again after a read has failed.
   *
   * @param now - in milliseconds since 1970
   * @returns for how long the error has lasted, in milliseconds: the longer, the longer the pause before the next read
   * @throws the failure itself, if it is another error or has lasted too long
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
