import { isRecord } from '../lib/guards.ts';
import type { FleetResult } from '../workflows/fleet/import-fleet.ts';

/**
 * Describes in sentences what a fleet has planned or imported.
 *
 * @param result - the result of a run, or of a recurring import, which contains that of its fleet
 * @returns undefined if the result is not that of a fleet
 */
export function describeFleet(result: unknown): string | undefined {
  if (isRecord(result) && isRecord(result['import'])) return describeFleet(result['import']['result']);
  if (!isFleetResult(result)) return undefined;
  const { outcome, imports, files, hours, cannot, staged } = result;
  const { copiesLeft = 0 } = staged ?? {};
  const uncut = Object.entries(cannot).map(([why, amount]) => `${amount.files} ${why}`);
  const sentences =
    imports.planned === 0
      ? ['There are no files to import.']
      : outcome === 'planned'
        ? [
            `Planned: ${jobs(imports.planned)} for ${files.planned} files.`,
            `To start them takes ${timeOf(hours)} at the configured rate.`,
          ]
        : [
            `Outcome: ${outcome}. ${files.imported} files were imported, and ${files.failed} ${files.failed === 1 ? 'was' : 'were'} not.`,
            `Of ${jobs(imports.planned)} ${endsOf(imports)}.`,
          ];
  return [
    ...sentences,
    uncut.length > 0 && `Files that cannot be imported: ${uncut.join(', ')}.`,
    copiesLeft > 0 && `S3 has refused to remove copies from the staging folder: ${copiesLeft}.`,
  ]
    .filter(Boolean)
    .join(' ');
}

const isFleetResult = (result: unknown): result is FleetResult =>
  isRecord(result) && typeof result['outcome'] === 'string' && isRecord(result['plan']);

const jobs = (count: number) => (count === 1 ? '1 job' : `${count} jobs`);

/** How the jobs have ended, such as `6 are complete, 1 has failed, 2 were not started`. */
function endsOf({ complete, partial, none, failed, unknown, left }: FleetResult['imports']): string {
  const verb = (count: number, one: string, many: string) => `${count} ${count === 1 ? one : many}`;
  const ends = [
    verb(complete, 'is complete', 'are complete'),
    partial > 0 && verb(partial, 'is partial', 'are partial'),
    none > 0 && verb(none, 'has imported nothing', 'have imported nothing'),
    failed > 0 && verb(failed, 'has failed', 'have failed'),
    unknown > 0 && verb(unknown, 'has an unknown outcome', 'have an unknown outcome'),
    left > 0 && verb(left, 'was not started', 'were not started'),
  ];
  return ends.filter(Boolean).join(', ');
}

function timeOf(hours: number): string {
  const minutes = Math.ceil(hours * 60);
  if (minutes <= 1) return 'less than a minute';
  return minutes < 120 ? `${minutes} minutes` : `${Math.ceil(hours)} hours`;
}
