/**
 * How much of its input an import has imported.
 *
 * - `complete`: every file and every resource, and no warning is about data that are lost or cannot be read.
 * - `partial`: some of it.
 * - `none`: nothing.
 * - `unknown`: none of these is proven.
 */
export type Outcome = 'complete' | 'partial' | 'none' | 'unknown';

/** The counters of an import that its outcome depends on: those of its manifest or of its progress report. */
interface ImportCounts extends Counts {
  readonly customerErrors: number;
  readonly serverErrors: number;
  readonly files?: Counts & { readonly customerErrors: number };
}

interface Counts {
  readonly scanned: number;
  readonly imported: number;
}

interface Evidence {
  /** The counters of the manifest; absent where it could not be read. */
  manifest: ImportCounts | undefined;
  /** HealthLake: the counters of the job's progress report. */
  progress?: ImportCounts | undefined;
  /** How many warnings are about data that are lost or cannot be read; absent where the warnings could not be read. */
  losses: number | undefined;
  /** Whether the job's status is `COMPLETED_WITH_ERRORS`. */
  withErrors: boolean;
}

/**
 * An import is complete if the manifest says so and nothing contradicts it. Without the manifest nothing is proven, because
 * the progress report does not count the resources that failed for the service's own reasons.
 */
export function outcomeOf({ manifest, progress, losses, withErrors }: Evidence): Outcome {
  if (!manifest) return 'unknown';
  if (manifest.imported === 0) return 'none';
  const lost = withErrors || showsLoss(manifest) || showsLoss(progress) || (losses ?? 0) > 0;
  if (lost) return 'partial';
  return losses === undefined ? 'unknown' : 'complete';
}

function showsLoss(counts: ImportCounts | undefined): boolean {
  if (!counts) return false;
  const { scanned, imported, customerErrors, serverErrors, files } = counts;
  return (
    imported < scanned ||
    customerErrors + serverErrors > 0 ||
    (files !== undefined && (files.imported < files.scanned || files.customerErrors > 0))
  );
}
