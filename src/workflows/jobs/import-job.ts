import { isCancellation } from '@temporalio/workflow';
import type { ImportCounts } from '../../activities/import-manifest.ts';
import type { ReadManifest } from '../../activities/import-outcome.ts';
import type { ImportReports } from '../../activities/import-reports.ts';
import type { ImportingService } from '../../activities/report-lines.ts';
import type { Polling } from '../../pacing/polling.ts';
import { files } from '../run/activities.ts';
import { flowFailure, originOf } from '../run/failures.ts';
import type { Flow } from '../run/flow.ts';
import { outcomeOf, type Outcome } from './import-outcome.ts';
import { startAndAwait, type Job, type JobService } from './job.ts';

/** What every import takes besides the service's own members. */
export interface ImportOptions {
  /**
   * What failed files mean. `report` (default): they are in the result, and only a job that imported nothing of what it
   * scanned fails. `fail`: any one fails the run. `ignore`: nothing is read from S3.
   */
  onFileErrors?: 'report' | 'fail' | 'ignore';
  /** How many failed files to name in the result: 0 (default) to 100. Names and messages often hold patient data. */
  listFailedFiles?: number;
  polling?: Polling;
}

/** What every import gives besides the document's outputs. */
export interface ImportResult extends Partial<Omit<ReadManifest, 'folder'>>, Partial<ImportReports> {
  outcome: Outcome;
  /** The client token of the input gave back a job that is older than this run. */
  reusedJob?: true;
}

export interface ImportJob extends Job {
  outputS3Uri?: string | undefined;
}

export interface ImportService<AnyJob extends ImportJob> extends JobService<AnyJob> {
  name: ImportingService;
  /** What the service itself has counted, where it does. */
  counts?(job: AnyJob): ImportCounts | undefined;
}

/**
 * Starts an import job once, or attaches to the one that the input names, waits until it has ended, and opens up how.
 *
 * @param jobId - a job that is running already: nothing is started
 * @throws ApplicationFailure `ImportJobFailed` with the job's message and counts in the details, or `WaitTimedOut`
 */
export async function importAndAwait<AnyJob extends ImportJob>(
  flow: Flow,
  service: ImportService<AnyJob>,
  { jobId, ...options }: ImportOptions & { jobId?: string | undefined },
): Promise<{ job: AnyJob; result: ImportResult }> {
  const { job, reusedJob } = await startAndAwait(flow, service, {
    jobId,
    polling: options.polling,
    countsOfFailed: async (failed) => (await readOutcome(flow, endedImport(service, failed), options)).counts,
  });
  const outcome = await readOutcome(flow, endedImport(service, job), options);
  const result = { ...outcome, ...(reusedJob && { reusedJob }) };
  flow.conclude(result.outcome);
  flow.hold(result);
  return { job, result };
}

/**
 * The last word on an import whose job has ended well in the service's eyes.
 *
 * @param result - what the flow is about to give; if it fails instead, this is in the failure's details
 * @throws ApplicationFailure `NothingImported`, `FilesFailed` or `OutcomeUnknown`, with counts and result
 */
export function judge<Result extends JudgedImport>(
  flow: Flow,
  result: Result,
  { onFileErrors = 'report' }: ImportOptions,
): Result {
  const { outcome, counts } = result;
  const more = { ...(counts && { counts }), result };
  const isEmpty = outcome === 'none' && counts?.scanned === 0 && !counts.files?.scanned;
  if (onFileErrors === 'ignore' || outcome === 'complete' || isEmpty) return result;
  if (onFileErrors === 'report' && outcome !== 'none') return result;
  // The failure is about what was read there, whatever the flow has done since.
  flow.board.enter('+outcome');
  if (onFileErrors === 'fail') {
    const losses = lossesOf(result);
    if (losses.length > 0) throw flowFailure('FilesFailed', losses.join('; '), more);
    const { why, awsMessage } = whyUnknown(result);
    throw flowFailure('OutcomeUnknown', why, { ...more, ...(awsMessage && { awsMessage }) });
  }
  throw flowFailure('NothingImported', `none of ${scannedIn(counts)} was imported`, more);
}

type JudgedImport = ImportResult & { jobId: string; jobStatus: string };

/** What was scanned, in words. */
function scannedIn(counts: ImportCounts | undefined): string {
  const { scanned = 0, files } = counts ?? {};
  return scanned > 0 ? `the ${scanned} scanned` : `the ${files?.scanned ?? 0} files`;
}

/** What an import is known to have lost, in words. */
function lossesOf({ jobStatus, counts, warnings }: JudgedImport): string[] {
  const { scanned = 0, imported = 0, files } = counts ?? {};
  const lostFiles = files ? Math.max(files.customerErrors, files.scanned - files.imported) : 0;
  const losses = [
    ...(imported < scanned ? [`${scanned - imported} of ${scanned} scanned were not imported`] : []),
    ...(lostFiles > 0 ? [`${lostFiles} of ${files?.scanned} files could not be imported`] : []),
    ...(warnings?.losses ? [`${warnings.losses} warnings tell of data that cannot be read`] : []),
  ];
  const untold = losses.length === 0 && jobStatus === 'COMPLETED_WITH_ERRORS';
  return untold ? ['the job ended with errors; its counters do not tell how many'] : losses;
}

/** Why an outcome is unknown. What S3 has said may name keys that hold patient data, and so is for the details alone. */
function whyUnknown({ jobId, manifest, warnings }: JudgedImport): {
  why: string;
  awsMessage?: string | undefined;
} {
  const [missing, awsMessage] =
    manifest && manifest.state !== 'read'
      ? [`its manifest is ${manifest.state}`, manifest.reason]
      : warnings?.unreadable === undefined
        ? ['the counters contradict each other']
        : ['its warnings are unreadable', warnings.unreadable];
  return {
    why:
      `whether everything was imported cannot be proven (${missing}). To look again once S3 can be read, start the flow ` +
      `with the id of this job (${jobId}) in the input: nothing is imported anew`,
    awsMessage,
  };
}

/** An import that has ended, whatever has started it. */
export interface EndedImport {
  service: ImportingService;
  datastoreId: string;
  jobId: string;
  outputS3Uri: string | undefined;
  /** Whether the service says `COMPLETED_WITH_ERRORS`. */
  withErrors?: boolean;
  /** HealthLake: what the job's progress report counts. */
  progress?: ImportCounts | undefined;
}

function endedImport<AnyJob extends ImportJob>(service: ImportService<AnyJob>, job: AnyJob): EndedImport {
  return {
    service: service.name,
    datastoreId: service.datastoreId,
    jobId: job.jobId,
    outputS3Uri: job.outputS3Uri,
    withErrors: job.status === 'COMPLETED_WITH_ERRORS',
    progress: service.counts?.(job),
  };
}

/**
 * Opens up an import that has ended, by its manifest and its reports in S3; not a call to either service.
 *
 * @param more - `manifestWait`: how late the manifest may be, in milliseconds; `withImageSets`: whether to list them
 */
export async function readOutcome(
  flow: Flow,
  ended: EndedImport,
  { onFileErrors, listFailedFiles = 0 }: ImportOptions,
  more: { manifestWait?: number; withImageSets?: boolean } = {},
): Promise<ImportResult> {
  if (onFileErrors === 'ignore') return { outcome: 'unknown' };
  const { service, progress, withErrors = false } = ended;
  const { folder, ...read } = await readManifest(flow, ended, more);
  const reports =
    folder === undefined ? undefined : await readReports(flow, service, folder, listFailedFiles);
  const counts = withFileErrors(read.counts ?? progress, progress);
  const losses = reports && lossesIn(service, reports);
  const outcome = outcomeOf({ manifest: read.counts, progress, losses, withErrors });
  return { outcome, ...read, ...(counts && { counts }), ...reports };
}

/** HealthLake warns of fields that cannot be searched; its data are all there, whether or not the warnings can be read. */
function lossesIn(service: ImportingService, { warnings }: ImportReports): number | undefined {
  const { losses = 0, unreadable } = warnings;
  return service === 'medical-imaging' && unreadable !== undefined && losses === 0 ? undefined : losses;
}

/** Files that could not be read are counted by the progress report alone. */
function withFileErrors(counts: ImportCounts | undefined, progress: ImportCounts | undefined) {
  const files = counts?.files ?? progress?.files;
  if (!counts || !files) return counts;
  const { customerErrors = 0 } = progress?.files ?? {};
  return { ...counts, files: { ...files, customerErrors } };
}

async function readManifest(
  flow: Flow,
  { service, datastoreId, jobId, outputS3Uri }: EndedImport,
  { manifestWait = flow.facts.manifestWait, withImageSets = true },
): Promise<ReadManifest> {
  if (outputS3Uri === undefined)
    return unreadManifest('', 'neither the job nor the input says where its output is');
  const output = { service, outputS3Uri, datastoreId, jobId, manifestWait, withImageSets };
  try {
    return await flow.read('+outcome', files.readImportOutcome, output);
  } catch (error) {
    return unreadManifest(outputS3Uri, reasonIn(error));
  }
}

async function readReports(
  flow: Flow,
  service: ImportingService,
  folder: string,
  listFailedFiles: number,
): Promise<ImportReports> {
  const input = { service, folder, listFailedFiles, budget: flow.facts.readBudget };
  try {
    return await flow.readLong('+reports', files.readImportReports, input);
  } catch (error) {
    const unread = { uri: folder, listed: [], unreadable: reasonIn(error) };
    return { failures: { ...unread, byReason: {} }, warnings: { ...unread, byType: {} } };
  }
}

/** Why something was not read, of an error that does not end the run: the job has ended, whatever S3 or the workers say. */
function reasonIn(error: unknown): string {
  if (isCancellation(error)) throw error;
  const { type, message } = originOf(error) ?? {};
  return [type, message].filter(Boolean).join(': ') || 'unknown';
}

/** What is known of an import whose manifest cannot be read, and why it cannot. */
export const unreadManifest = (uri: string, reason: string): ReadManifest => ({
  manifest: { uri, state: 'unreadable', reason },
});
