import { isRecord } from '../lib/guards.ts';
import type { ImportResult } from '../workflows/jobs/import-job.ts';

/** The number of failed files that a summary names. The command `failures` lists all. */
const MOST_NAMED = 5;

/**
 * Describes the outcome of an import in sentences. File names may contain patient data, so they appear only if the result has
 * them, that is, if the input of the run set `listFailedFiles`.
 *
 * @param result - the result of a flow, or of a recurring import, which contains that of its import
 * @returns undefined if the result is not that of an import, or has no counters
 */
export function describeImport(result: unknown): string | undefined {
  if (isRecord(result) && isRecord(result['import'])) return describeImport(result['import']['result']);
  if (!isCountedImport(result)) return undefined;
  const { outcome, counts, failures, warnings } = result;
  const { scanned, imported, files } = counts;
  const sentences = [
    `Outcome: ${outcome}. ${imported} of ${scanned} ${files ? 'resources' : 'files'} were imported.`,
    scanned === 0 && !files?.scanned && "There are no files at the input's S3 URI.",
    files?.customerErrors && `${files.customerErrors} of ${files.scanned} files could not be read.`,
    failures && notImported(failures),
    warnings && kinds('Imported with a warning', warnings.byType),
  ];
  return sentences.filter(Boolean).join(' ');
}

type CountedImport = ImportResult & Required<Pick<ImportResult, 'counts'>>;

const isCountedImport = (result: unknown): result is CountedImport =>
  isRecord(result) && typeof result['outcome'] === 'string' && isRecord(result['counts']);

/** Names the files if the result lists any, and otherwise gives the number of each reason. A recurring import never lists names. */
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
