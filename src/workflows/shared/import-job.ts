import { isCancellation } from '@temporalio/workflow';
import type { ImportOutcome, ImportOutput } from '../../activities/import-outcome.ts';
import type { Polling } from '../../polling.ts';
import { files } from './activities.ts';
import { flowFailure, originOf } from './failures.ts';
import type { Flow } from './flow.ts';
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
export interface ImportResult extends Partial<Omit<ImportOutcome, 'outcome'>> {
  outcome: ImportOutcome['outcome'];
  /** The client token of the input gave back a job that is older than this run. */
  reusedJob?: true;
}

export interface ImportJob extends Job {
  outputS3Uri?: string | undefined;
}

export interface ImportService<AnyJob extends ImportJob> extends JobService<AnyJob> {
  name: ImportOutput['service'];
  datastoreId: string;
  /** What the service itself has counted, where it does. */
  counts?(job: AnyJob): ImportOutcome['counts'];
}

/**
 * Starts an import job once, or attaches to the one that the input names, waits until it has ended, and opens up how.
 *
 * @param jobId - a job that is running already: nothing is started
 * @throws ApplicationFailure `ImportJobFailed` with the job's message and counts, or `WaitTimedOut`
 */
export async function importAndAwait<AnyJob extends ImportJob>(
  flow: Flow,
  service: ImportService<AnyJob>,
  { jobId, ...options }: ImportOptions & { jobId?: string | undefined },
): Promise<{ job: AnyJob; result: ImportResult }> {
  const { job, reusedJob } = await startAndAwait(flow, service, {
    jobId,
    polling: options.polling,
    countsOfFailed: async (failed) =>
      (await readOutcome(flow, service, failed, options)).counts ?? service.counts?.(failed),
  });
  const outcome = await readOutcome(flow, service, job, options);
  const result = { ...outcome, ...(reusedJob && { reusedJob }) };
  flow.hold(result);
  return { job, result };
}

/**
 * The last word on an import whose job has ended well in the service's eyes.
 *
 * @param result - what the flow is about to give; if it fails instead, this is in the failure's details
 * @throws ApplicationFailure `NothingImported` or `FilesFailed`, with counts and result
 */
export function judge<Result extends ImportResult & { jobStatus: string }>(
  result: Result,
  { onFileErrors = 'report' }: ImportOptions,
): Result {
  const { counts, jobStatus } = result;
  if (!counts && onFileErrors === 'fail' && jobStatus === 'COMPLETED_WITH_ERRORS') {
    throw flowFailure('FilesFailed', 'the job ended with errors; its manifest does not tell how many', {
      result,
    });
  }
  if (!counts) return result;
  const { scanned, imported } = counts;
  if (onFileErrors === 'report' && scanned > 0 && imported === 0) {
    throw flowFailure('NothingImported', `none of the ${scanned} scanned was imported`, { counts, result });
  }
  if (onFileErrors === 'fail' && imported < scanned) {
    throw flowFailure('FilesFailed', `${scanned - imported} of ${scanned} scanned were not imported`, {
      counts,
      result,
    });
  }
  return result;
}

/** Opens up an import that has ended, by its manifest in S3; not a call to either service. */
export async function readOutcome(
  flow: Flow,
  { name: service, datastoreId }: Pick<ImportService<ImportJob>, 'name' | 'datastoreId'>,
  { jobId, outputS3Uri }: Pick<ImportJob, 'jobId' | 'outputS3Uri'>,
  { onFileErrors, listFailedFiles = 0 }: ImportOptions,
  { manifestWait = flow.facts.manifestWait, withImageSets = true } = {},
): Promise<ImportResult> {
  if (onFileErrors === 'ignore') return { outcome: 'unknown' };
  if (outputS3Uri === undefined)
    return unreadManifest('', 'neither the job nor the input says where its output is');
  const output = { service, outputS3Uri, datastoreId, jobId, listFailedFiles, manifestWait, withImageSets };
  try {
    return await flow.readFiles('+outcome', files.readImportOutcome, output);
  } catch (error) {
    if (isCancellation(error)) throw error;
    // The job has ended, whatever S3 or the workers say of it.
    const { type, message } = originOf(error) ?? {};
    const reason = [type, message].filter(Boolean).join(': ') || 'unknown';
    return unreadManifest(outputS3Uri, reason);
  }
}

/** What is known of an import whose manifest cannot be read, and why it cannot. */
export const unreadManifest = (uri: string, reason: string): ImportResult => ({
  outcome: 'unknown',
  manifest: { uri, state: 'unreadable', reason },
});
