import { isCancellation } from '@temporalio/workflow';
import type { ImportCounts } from '../../activities/import-manifest.ts';
import type { ReadManifest } from '../../activities/import-outcome.ts';
import type { ImportReports } from '../../activities/import-reports.ts';
import type { ImportingService } from '../../activities/report-lines.ts';
import type { ImportOptions } from '../../input-rules/inputs.ts';
import { files } from '../run/activities.ts';
import { flowFailure, originOf } from '../run/failures.ts';
import type { Flow } from '../run/flow.ts';
import { outcomeOf, type Outcome } from '../../lib/outcome.ts';
import { startAndAwait, type Job, type JobService } from './job.ts';

/** The result members of every import besides the document's outputs. */
export interface ImportResult extends Partial<Omit<ReadManifest, 'folder'>>, Partial<ImportReports> {
  outcome: Outcome;
  /** For the input's client token, AWS returned a job that is older than this run. */
  reusedJob?: true;
}

export interface ImportJob extends Job {
  outputS3Uri?: string | undefined;
  /** HealthLake: the counters of the job's progress report. */
  progress?: ImportCounts | undefined;
}

export interface ImportService<AnyJob extends ImportJob> extends JobService<AnyJob> {
  name: ImportingService;
}

/**
 * Starts an import job once, or attaches to the one that the input names, waits until it has ended, and reads its output.
 *
 * @param options - `jobId`: a job that was started already
 * @throws ApplicationFailure `ImportJobFailed` with the job's message and counts in the details, or `WaitTimedOut`
 */
export async function importAndAwait<AnyJob extends ImportJob>(
  flow: Flow,
  service: ImportService<AnyJob>,
  { jobId, ...options }: ImportOptions & { jobId?: string | undefined },
): Promise<{ job: AnyJob; result: ImportResult }> {
  const { name, datastoreId } = service;
  const readOf = (job: AnyJob) => readOutcome(flow, { service: name, datastoreId, ...job }, options);
  const { job, reusedJob } = await startAndAwait(flow, service, {
    jobId,
    polling: options.polling,
    countsOfFailed: async (failed) => (await readOf(failed)).counts,
  });
  const result = { ...(await readOf(job)), ...(reusedJob && { reusedJob }) };
  flow.conclude(result.outcome);
  flow.found = result;
  return { job, result };
}

/**
 * Decides whether the run of an import whose job did not fail ends well.
 *
 * @param result - the result of the flow; if the run fails instead, it is in the failure's details
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
  // The failure names the step that read the outcome, also where the flow has made other calls since.
  flow.board.enter('+outcome');
  if (onFileErrors === 'fail') {
    const losses = lossesOf(result);
    if (losses.length > 0) throw flowFailure('FilesFailed', losses.join('; '), more);
    const { why, awsMessage } = whyUnknown(result);
    throw flowFailure('OutcomeUnknown', why, { ...more, ...(awsMessage && { awsMessage }) });
  }
  const all = counts?.scanned ? `the ${counts.scanned} scanned` : `the ${counts?.files?.scanned ?? 0} files`;
  throw flowFailure('NothingImported', `none of ${all} was imported`, more);
}

export type JudgedImport = ImportResult & { jobId: string; jobStatus: string };

/** What the import is known to have lost, as text. */
function lossesOf({ jobStatus, counts, warnings }: JudgedImport): string[] {
  const { scanned = 0, imported = 0, files } = counts ?? {};
  const lostFiles = files ? Math.max(files.customerErrors, files.scanned - files.imported) : 0;
  const losses = [
    ...(imported < scanned ? [`${scanned - imported} of ${scanned} scanned were not imported`] : []),
    ...(lostFiles > 0 ? [`${lostFiles} of ${files?.scanned} files could not be imported`] : []),
    ...(warnings?.losses ? [`${warnings.losses} warnings are about data that cannot be read`] : []),
  ];
  const uncounted = losses.length === 0 && jobStatus === 'COMPLETED_WITH_ERRORS';
  return uncounted ? ['the job ended with errors, and its counters do not say how many'] : losses;
}

/** Why the outcome is unknown. A message of S3 may name keys with patient data, so it goes only into the details. */
function whyUnknown({ jobId, manifest, warnings }: JudgedImport) {
  const [missing, awsMessage] =
    manifest && manifest.state !== 'read'
      ? [`its manifest is ${manifest.state}`, manifest.reason]
      : warnings?.unreadable === undefined
        ? ['the counters contradict each other']
        : ['its warnings are unreadable', warnings.unreadable];
  return {
    why:
      `whether everything was imported cannot be proven (${missing}). To check again once S3 can be read, start the flow ` +
      `with the id of this job (${jobId}) in the input: nothing is imported again`,
    awsMessage,
  };
}

/** An import job that has ended. */
export interface EndedImport extends Pick<ImportJob, 'jobId' | 'outputS3Uri' | 'progress'> {
  service: ImportingService;
  datastoreId: string;
  status?: string | undefined;
}

/**
 * Reads the manifest and the reports that an import job has written to S3.
 *
 * @param more - `manifestWait`: for how long the manifest may be missing, in milliseconds; `withImageSets`: whether to list
 *   the image sets
 */
export async function readOutcome(
  flow: Flow,
  ended: EndedImport,
  { onFileErrors, listFailedFiles = 0 }: ImportOptions,
  more: { manifestWait?: number; withImageSets?: boolean } = {},
): Promise<ImportResult> {
  if (onFileErrors === 'ignore') return { outcome: 'unknown' };
  const { service, progress, status } = ended;
  const { folder, ...read } = await readManifest(flow, ended, more);
  const reports =
    folder === undefined ? undefined : await readReports(flow, service, folder, listFailedFiles);
  const counts = withFileErrors(read.counts ?? progress, progress);
  const losses = reports && lossesIn(service, reports);
  const withErrors = status === 'COMPLETED_WITH_ERRORS';
  const outcome = outcomeOf({ manifest: read.counts, progress, losses, withErrors });
  return { outcome, ...read, ...(counts && { counts }), ...reports };
}

/**
 * HealthLake only warns about fields that cannot be searched: all data are imported. HealthImaging may warn about data that
 * cannot be read, so that unreadable warnings leave the number of losses unknown.
 */
function lossesIn(service: ImportingService, { warnings }: ImportReports): number | undefined {
  const { losses = 0, unreadable } = warnings;
  return service === 'medical-imaging' && unreadable !== undefined && losses === 0 ? undefined : losses;
}

/** Only the progress report counts the files that could not be read. */
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
    return unreadManifest('', 'neither the job nor the input has the S3 URI of its output');
  const output = { service, outputS3Uri, datastoreId, jobId, manifestWait, withImageSets };
  const read = flow.read('+outcome', files.readImportOutcome, output);
  return read.catch((error: unknown) => unreadManifest(outputS3Uri, reasonIn(error)));
}

async function readReports(
  flow: Flow,
  service: ImportingService,
  folder: string,
  listFailedFiles: number,
): Promise<ImportReports> {
  const input = { service, folder, listFailedFiles, budget: flow.facts.readBudget };
  return flow.readLong('+reports', files.readImportReports, input).catch((error: unknown) => {
    const unread = { uri: folder, listed: [], unreadable: reasonIn(error) };
    return { failures: { ...unread, byReason: {} }, warnings: { ...unread, byType: {} } };
  });
}

/** Why a file was not read. This error does not end the run, because the job itself has ended. */
function reasonIn(error: unknown): string {
  if (isCancellation(error)) throw error;
  const { type, message } = originOf(error) ?? {};
  return [type, message].filter(Boolean).join(': ') || 'unknown';
}

export const unreadManifest = (uri: string, reason: string): ReadManifest => ({
  manifest: { uri, state: 'unreadable', reason },
});
