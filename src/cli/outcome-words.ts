import { isRecord } from '../lib/guards.ts';
import type { ImportResult } from '../workflows/jobs/import-job.ts';

/** So many files are named; `failures` names all. */
const MOST_NAMED = 5;

/**
 * How an import has ended, in sentences for a person. Names of files may hold patient data: they are there only if the
 * result has them, that is if `listFailedFiles` has asked for them.
 *
 * @param result - of a flow, or of a recurring import, which holds that of its import
 * @returns undefined where the result is not that of an import whose counters were read
 */
export function describeImport(result: unknown): string | undefined {
  if (isRecord(result) && isRecord(result['import'])) return describeImport(result['import']['result']);
  if (!isCountedImport(result)) return undefined;
  const { outcome, counts, failures, warnings } = result;
  const { scanned, imported, files } = counts;
  const sentences = [
    `Outcome: ${outcome}. ${imported} of ${scanned} ${files ? 'resources' : 'files'} were imported.`,
    files?.customerErrors && `${files.customerErrors} of ${files.scanned} files could not be read.`,
    failures && notImported(failures),
    warnings && kinds('Imported with a warning', warnings.byType),
  ];
  return sentences.filter(Boolean).join(' ');
}

type CountedImport = ImportResult & Required<Pick<ImportResult, 'counts'>>;

const isCountedImport = (result: unknown): result is CountedImport =>
  isRecord(result) && typeof result['outcome'] === 'string' && isRecord(result['counts']);

/** By name where there are names, else by the number of each reason. (A recurring import passes on no names.) */
function notImported({ listed = [], byReason }: Partial<NonNullable<ImportResult['failures']>>): string {
  if (listed.length === 0) return kinds('Not imported', byReason);
  const named = listed
    .slice(0, MOST_NAMED)
    .map(({ file, line, reason }) => `${file}${line === undefined ? '' : ` line ${line}`} (${reason})`);
  const all = Object.values(byReason ?? {}).reduce((sum, count) => sum + count, 0);
  const others = all > named.length ? ` and ${all - named.length} more` : '';
  return `Not imported: ${named.join(', ')}${others}.`;
}

function kinds(what: string, counts: Readonly<Record<string, number>> = {}): string {
  const each = Object.entries(counts).map(([kind, count]) => `${count} × ${kind}`);
  return each.length > 0 ? `${what}: ${each.join(', ')}.` : '';
}
