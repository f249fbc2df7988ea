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

/** The reports of an import, and how much of them is wanted. */
export interface ReportsInput {
  service: ImportingService;
  /** The URI of the job's own folder. */
  folder: string;
  /** How many failed files, and how many with warnings, to name: 0 to 100. Names and messages often hold patient data. */
  listFailedFiles: number;
  /** For how long S3 may fail before what was read by then is the result, in milliseconds. */
  budget: number;
}

/** What the reports of an import tell: in numbers and, where asked for, by name. */
export interface ImportReports {
  failures: { uri: string; byReason: Record<string, number>; listed: FailedFile[]; unreadable?: string };
  warnings: {
    uri: string;
    byType: Record<string, number>;
    /** How many of them tell of data that are lost or cannot be read. Absent where none does. */
    losses?: number;
    listed: WarnedFile[];
    /** Why not all of them could be read. */
    unreadable?: string;
  };
}

/** How far the reading of one report has come. */
interface Tally<Kind extends ReportKind> {
  counts: Record<string, number>;
  losses: number;
  listed: ReportEntry[Kind][];
  /** The URI of the last file that was read to its end. */
  after?: string;
  unreadable?: string;
  ended?: true;
}

/** Travels in the heartbeat, so that the next attempt goes on where this one has stopped. */
interface Progress {
  failures: Tally<'failures'>;
  warnings: Tally<'warnings'>;
  /** When the last file was read to its end, in milliseconds since 1970. */
  at: number;
}

/**
 * Counts what the reports of an import say of single files. HealthLake writes a file for each input file: up to a million.
 *
 * After a failed attempt the next one goes on with the file at which that one has stopped. What cannot be read is said in
 * `unreadable`; what was counted by then stays in the result.
 *
 * @throws ApplicationFailure as every read of AWS does, for what passes: throttling, 5xx, a broken connection
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

/** Within a big file, a heartbeat is sent after so many lines. (The SDK passes on only some of them.) */
const LINES_A_HEARTBEAT = 1_000;

/**
 * Counts the files that have not been counted yet. The tally changes only once a file was read to its end: an attempt that
 * goes on after this one begins the file anew, and would count its first lines twice.
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

/** What one text of a report may take: all reports are in the result of the run, which Temporal takes up to 2 MB of. */
const MOST_BYTES_OF_TEXT = 1_000;

/** What all files that are named in one report may take: 100 of a usual size. */
const MOST_BYTES_LISTED = 200_000;

/** How many reasons, or types of warnings, are counted by name. The services have fewer than ten each. */
const MOST_KINDS = 50;
const MOST_BYTES_OF_KIND = 200;

/** Where the others are counted. */
const OTHERS = '(others)';

function count<Kind extends ReportKind>(entry: ReportEntry[Kind], tally: Tally<Kind>, most: number): void {
  const named = cutText('type' in entry ? entry.type : entry.reason, MOST_BYTES_OF_KIND);
  // A reason is text of the service's: one called `constructor` must not meet what every object has.
  const isCounted = Object.hasOwn(tally.counts, named);
  const kind = isCounted || Object.keys(tally.counts).length < MOST_KINDS ? named : OTHERS;
  tally.counts[kind] = ((Object.hasOwn(tally.counts, kind) && tally.counts[kind]) || 0) + 1;
  if ('type' in entry && tellsOfLoss(entry)) tally.losses += 1;
  if (tally.listed.length < most) {
    tally.listed = [...cutList([...tally.listed, withShortTexts(entry)], MOST_BYTES_LISTED)];
  }
}

/** Names and messages are text of whoever has made the files. */
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
