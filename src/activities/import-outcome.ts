import { ApplicationFailure, activityInfo, cancellationSignal } from '@temporalio/activity';
import type { S3Client } from '@aws-sdk/client-s3';
import { toFailure } from './aws-errors.ts';
import {
  MANIFESTS,
  imageSetsIn,
  type ImageSetCounts,
  type ImportCounts,
  type ImportedImageSet,
} from './import-manifest.ts';
import type { ImportingService } from './report-lines.ts';
import { readText } from './s3.ts';
import { isRecord, recordOf } from '../lib/guards.ts';
import { cutText } from '../lib/size.ts';

/** The output of an import job in S3. */
export interface ImportOutput {
  service: ImportingService;
  /** From the job's properties. The services return it with or without the job's own folder. */
  outputS3Uri: string;
  datastoreId: string;
  jobId: string;
  /** Whether to list the image sets. */
  withImageSets: boolean;
  /** How long to retry while the manifest is missing, in milliseconds. */
  manifestWait: number;
}

/** The contents of an import's manifest. */
export interface ReadManifest {
  manifest: { uri: string; state: 'read' | 'missing' | 'unreadable'; reason?: string };
  counts?: ImportCounts;
  /** HealthImaging: the image sets that the import has created or changed. */
  imageSetCounts?: ImageSetCounts;
  imageSets?: ImportedImageSet[];
  /** The URI of the job's own folder, which also holds the reports about single files. */
  folder?: string;
}

/**
 * Reads the manifest of an import job that has ended. Its counters show whether every file was imported, which the job's
 * status `COMPLETED` does not.
 *
 * The manifest may appear some seconds after the end of the job, so a missing one fails with `ManifestNotThereYet`, and
 * Temporal retries the activity until `manifestWait` is over. A manifest that is still missing then, or that cannot be read,
 * is a result and not a failure.
 *
 * @throws ApplicationFailure for temporary errors, like every read: throttling, 5xx, a broken connection
 */
export const importOutcomeActivity =
  (s3: S3Client) =>
  async (output: ImportOutput): Promise<ReadManifest> => {
    const { names, folder: folderOf, counts: countsIn } = MANIFESTS[output.service];
    const folder = jobFolder(output, folderOf(output));
    const uri = folder + names[0];
    try {
      const manifest = await readManifest(s3, folder, names);
      if (manifest === undefined) return { manifest: missing(uri, output.manifestWait) };
      const counts = countsIn(manifest);
      if (!counts) return { manifest: { uri, state: 'unreadable', reason: 'it has no counters' } };
      return {
        manifest: { uri, state: 'read' },
        counts,
        ...(output.withImageSets && output.service === 'medical-imaging' && imageSetsIn(manifest, uri)),
        folder,
      };
    } catch (error) {
      throwIfItMayPass(error, output);
      return { manifest: { uri, state: 'unreadable', reason: reasonOf(error) } };
    }
  };

/** Throws temporary errors, so that Temporal retries the activity. */
function throwIfItMayPass(error: unknown, { manifestWait }: ImportOutput): void {
  if (error instanceof ApplicationFailure) throw error;
  if (error instanceof SyntaxError) return;
  const { attempt: number, scheduledTimestampMs } = activityInfo();
  const age = Date.now() - scheduledTimestampMs;
  // For a role without s3:ListBucket, S3 answers AccessDenied also for an object that does not exist yet.
  const mayBeLate = isRecord(error) && error['name'] === 'AccessDenied' && age < manifestWait;
  const failure = toFailure('readImportOutcome', error, { number, age });
  if (!failure.nonRetryable || mayBeLate || cancellationSignal().aborted) {
    throw mayBeLate ? notThereYet(manifestWait - age) : failure;
  }
}

/** The URI with the job's own folder, which the service may already have added. */
function jobFolder({ outputS3Uri, jobId }: ImportOutput, folder: string): string {
  const base = outputS3Uri.endsWith('/') ? outputS3Uri : `${outputS3Uri}/`;
  return base.includes(jobId) ? base : base + folder;
}

async function readManifest(
  s3: S3Client,
  folder: string,
  names: readonly string[],
): Promise<Record<string, unknown> | undefined> {
  for (const name of names) {
    const json = await readText(s3, folder + name, cancellationSignal());
    if (json !== undefined) return recordOf(JSON.parse(json));
  }
  return undefined;
}

function missing(uri: string, manifestWait: number): ReadManifest['manifest'] {
  const waited = Date.now() - activityInfo().scheduledTimestampMs;
  if (waited < manifestWait) throw notThereYet(manifestWait - waited);
  const reason = `still missing ${Math.round(waited / 1000)} s after the end of the job`;
  return { uri, state: 'missing', reason };
}

/** @param left - how much longer to retry, in milliseconds */
const notThereYet = (left: number): ApplicationFailure =>
  ApplicationFailure.create({
    type: 'ManifestNotThereYet',
    message: 'The manifest of the import is not in S3 yet.',
    nextRetryDelay: Math.min(3_000, left),
  });

/** The reason is in the result of the run, which is limited to 2 MB. */
const MOST_BYTES_OF_REASON = 5_000;

/** For invalid JSON without the error's message, because it quotes the text, which may hold patient data. */
export function reasonOf(error: unknown): string {
  if (error instanceof SyntaxError) return 'it is not JSON';
  const { name, message } = recordOf(error);
  const said = [name, message].filter((part) => typeof part === 'string' && part !== '').join(': ');
  return cutText(said || 'UnknownError', MOST_BYTES_OF_REASON);
}
