import type { ImportCounts } from '../../activities/import-manifest.ts';

/**
 * What became of an import.
 *
 * - `complete`: every file and every resource is in, and no warning tells of data that are lost or cannot be read.
 * - `partial`: something is in, and something is not.
 * - `none`: nothing is in.
 * - `unknown`: none of these is proven.
 */
export type Outcome = 'complete' | 'partial' | 'none' | 'unknown';

/** Everything that tells what became of an import. */
export interface Evidence {
  /** The counters of the manifest; absent where it could not be read. */
  manifest: ImportCounts | undefined;
  /** HealthLake: the counters of the job's progress report. */
  progress?: ImportCounts | undefined;
  /** How many warnings tell of data that are lost or cannot be read; absent where the warnings could not be read. */
  losses: number | undefined;
  /** Whether the service itself says that the job `COMPLETED_WITH_ERRORS`. */
  withErrors: boolean;
}

/**
 * That all is in takes the manifest, and nobody who says otherwise. Without the manifest nothing is proven, whatever the
 * progress report counts: it does not know the resources that failed for the service's own reasons.
 */
export function outcomeOf({ manifest, progress, losses, withErrors }: Evidence): Outcome {
  if (!manifest) return 'unknown';
  if (manifest.imported === 0) return 'none';
  const lost = withErrors || tellsOfLoss(manifest) || tellsOfLoss(progress) || (losses ?? 0) > 0;
  if (lost) return 'partial';
  return losses === undefined ? 'unknown' : 'complete';
}

function tellsOfLoss(counts: ImportCounts | undefined): boolean {
  if (!counts) return false;
  const { scanned, imported, customerErrors, serverErrors, files } = counts;
  return (
    imported < scanned ||
    customerErrors + serverErrors > 0 ||
    (files !== undefined && (files.imported < files.scanned || files.customerErrors > 0))
  );
}
