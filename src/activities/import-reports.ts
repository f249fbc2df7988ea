import { activityInfo, cancellationSignal, heartbeat } from '@temporalio/activity';
import type { S3Client } from '@aws-sdk/client-s3';
import { cutList, cutText } from '../lib/size.ts';
import { toFailure } from './aws-errors.ts';
import { reasonOf } from './import-outcome.ts';
import { readReport, reportOf, type Report } from './report-files.ts';
import {
  tellsOfLoss,
  type FailedFile,
  type ImportingService,
  type ReportEntry,
  type ReportKind,
  type WarnedFile,
} from './report-lines.ts';

/** The reports of an import, and how much of them to read. */
export interface ReportsInput {
  service: ImportingService;
  /** The URI of the job's own folder. */
  folder: string;
  /** How many failed files, and how many with warnings, to name: 0 to 100. Names and messages often hold patient data. */
  listFailedFiles: number;
  /** For how long S3 may fail before the activity returns what it has read so far, in milliseconds. */
  budget: number;
}

/** The contents of an import's reports: counts and, if the input asks for it, names. */
export interface ImportReports {
  failures: { uri: string; byReason: Record<string, number>; listed: FailedFile[]; unreadable?: string };
  warnings: {
    uri: string;
    byType: Record<string, number>;
    /** How many of them are about data that are lost or cannot be read. Absent for none. */
    losses?: number;
    listed: WarnedFile[];
    /** Why the report could not be read, or not completely. */
    unreadable?: string;
  };
}

/** The progress with one report. */
interface Tally<Kind extends ReportKind> {
  counts: Record<string, number>;
  losses: number;
  listed: ReportEntry[Kind][];
  /** The URI of the last file that was read to its end. */
  after?: string;
  unreadable?: string;
  ended?: true;
}

/** The heartbeat details, from which the next attempt continues. */
interface Progress {
  failures: Tally<'failures'>;
  warnings: Tally<'warnings'>;
  /** When the last file was read to its end, in milliseconds since 1970. */
  at: number;
}

/**
 * Counts the entries of an import's reports. HealthLake writes a report file for each input file: up to a million.
 *
 * After a failed attempt, the next one continues with the file at which that one stopped. If a report cannot be read,
 * `unreadable` has the reason, and the entries counted so far stay in the result.
 *
 * @throws ApplicationFailure for temporary errors, like every read: throttling, 5xx, a broken connection
 */
export const importReportsActivity =
  (s3: S3Client) =>
  async ({ service, folder, listFailedFiles, budget }: ReportsInput): Promise<ImportReports> => {
    const { heartbeatDetails, scheduledTimestampMs: at } = activityInfo();
    const before: Progress | undefined = heartbeatDetails;
    const progress = before ?? { failures: nothingYet(), warnings: nothingYet(), at };
    const { failures, warnings } = progress;

    const read = async <Kind extends ReportKind>(report: Report<Kind>, tally: Tally<Kind>) => {
      try {
        if (!tally.ended) await countAll(s3, report, tally, listFailedFiles, progress);
      } catch (error) {
        throwIfItMayPass(error, progress.at, budget);
        tally.unreadable = reasonOf(error);
      }
      tally.ended = true;
      return report.uri;
    };
    const failuresUri = await read(reportOf(service, 'failures', folder), failures);
    const warningsUri = await read(reportOf(service, 'warnings', folder), warnings);
    return {
      failures: { uri: failuresUri, byReason: failures.counts, ...endOf(failures) },
      warnings: {
        uri: warningsUri,
        byType: warnings.counts,
        ...(warnings.losses > 0 && { losses: warnings.losses }),
        ...endOf(warnings),
      },
    };
  };

const nothingYet = () => ({ counts: {}, losses: 0, listed: [] });

const endOf = <Kind extends ReportKind>({ listed, unreadable }: Tally<Kind>) => ({
  listed,
  ...(unreadable !== undefined && { unreadable }),
});

/** The number of lines of a large file between two heartbeats. (The SDK throttles heartbeats further.) */
const LINES_A_HEARTBEAT = 1_000;

/**
 * Counts the files that have not been counted yet. The tally changes only at the end of a file: the next attempt begins an
 * incomplete file again, and would count its first lines twice.
 */
async function countAll<Kind extends ReportKind>(
  s3: S3Client,
  report: Report<Kind>,
  tally: Tally<Kind>,
  most: number,
  progress: Progress,
): Promise<void> {
  for await (const { uri, lines } of readReport(s3, report, cancellationSignal(), tally.after)) {
    const ofFile = { ...tally, counts: { ...tally.counts }, listed: [...tally.listed] };
    let number = 0;
    for await (const entries of lines) {
      for (const entry of entries) count(entry, ofFile, most);
      if (++number % LINES_A_HEARTBEAT === 0) heartbeat(progress);
    }
    Object.assign(tally, ofFile, { after: uri });
    progress.at = Date.now();
    heartbeat(progress);
  }
}

/** The limit for one text of a report, because the result of a run is limited to 2 MB. */
const MOST_BYTES_OF_TEXT = 1_000;

/** The limit for all files named from one report: 100 of a usual size. */
const MOST_BYTES_LISTED = 200_000;

/** How many reasons or types of warnings are counted by name. The services have fewer than ten each. */
const MOST_KINDS = 50;
const MOST_BYTES_OF_KIND = 200;

/** The name under which all further ones are counted. */
const OTHERS = '(others)';

function count<Kind extends ReportKind>(entry: ReportEntry[Kind], tally: Tally<Kind>, most: number): void {
  const named = cutText('type' in entry ? entry.type : entry.reason, MOST_BYTES_OF_KIND);
  // A reason may be any text: `constructor`, for example, is a member that every object inherits.
  const isCounted = Object.hasOwn(tally.counts, named);
  const kind = isCounted || Object.keys(tally.counts).length < MOST_KINDS ? named : OTHERS;
  tally.counts[kind] = ((Object.hasOwn(tally.counts, kind) && tally.counts[kind]) || 0) + 1;
  if ('type' in entry && tellsOfLoss(entry)) tally.losses += 1;
  if (tally.listed.length < most) {
    tally.listed = [...cutList([...tally.listed, withShortTexts(entry)], MOST_BYTES_LISTED)];
  }
}

/** Names and messages come from the input files, and may be of any length. */
function withShortTexts<Entry extends FailedFile | WarnedFile>(entry: Entry): Entry {
  const members = Object.entries(entry).map(([name, value]) => [
    name,
    typeof value === 'string' ? cutText(value, MOST_BYTES_OF_TEXT) : value,
  ]);
  return Object.fromEntries(members) as Entry;
}

/** @param since - when something was last read, in milliseconds since 1970 */
function throwIfItMayPass(error: unknown, since: number, budget: number): void {
  const age = Date.now() - since;
  const failure = toFailure('readImportReports', error, { number: activityInfo().attempt, age });
  if (cancellationSignal().aborted || (!failure.nonRetryable && age < budget)) throw failure;
}
