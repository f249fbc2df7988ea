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

/** Where an import has put its output. */
export interface ImportOutput {
  service: ImportingService;
  /** As the job's properties have it: the services give it back with the job's own folder, or without. */
  outputS3Uri: string;
  datastoreId: string;
  jobId: string;
  /** Whether the outcome is to name the image sets. */
  withImageSets: boolean;
  /** How long to wait for a manifest that is late, in milliseconds. */
  manifestWait: number;
}

/** What the manifest of an import tells. */
export interface ReadManifest {
  manifest: { uri: string; state: 'read' | 'missing' | 'unreadable'; reason?: string };
  counts?: ImportCounts;
  /** HealthImaging: the image sets that the import has made or changed. */
  imageSetCounts?: ImageSetCounts;
  imageSets?: ImportedImageSet[];
  /** The job's own folder, which also holds the reports on single files. */
  folder?: string;
}

/**
 * Reads the manifest of an import that has ended: `COMPLETED` does not say that every file is there, the counters of the
 * manifest do.
 *
 * The manifest may be seconds late, so a missing one fails with `ManifestNotThereYet`, and Temporal retries the activity
 * until `manifestWait` is over. A manifest that stays missing, or that S3 will never give, is a result and not a failure.
 *
 * @throws ApplicationFailure as every read of AWS does, for what passes: throttling, 5xx, a broken connection
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
      if (!counts) return { manifest: { uri, state: 'unreadable', reason: 'it holds no counters' } };
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

/** What S3 says may be over in a moment; then Temporal retries the activity. */
function throwIfItMayPass(error: unknown, { manifestWait }: ImportOutput): void {
  if (error instanceof ApplicationFailure) throw error;
  if (error instanceof SyntaxError) return;
  const { attempt: number, scheduledTimestampMs } = activityInfo();
  const age = Date.now() - scheduledTimestampMs;
  // To a role without s3:ListBucket, S3 answers for a manifest that is not there yet as for one that it may not read.
  const mayBeLate = isRecord(error) && error['name'] === 'AccessDenied' && age < manifestWait;
  const failure = toFailure('readImportOutcome', error, { number, age });
  if (!failure.nonRetryable || mayBeLate || cancellationSignal().aborted) {
    throw mayBeLate ? notThereYet(manifestWait - age) : failure;
  }
}

/** The URI with the job's own folder, which the service may have added already. */
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
  const reason = `not there ${Math.round(waited / 1000)} s after the job had ended`;
  return { uri, state: 'missing', reason };
}

/** @param left - how much longer to wait for it, in milliseconds */
const notThereYet = (left: number): ApplicationFailure =>
  ApplicationFailure.create({
    type: 'ManifestNotThereYet',
    message: 'The manifest of the import is not in S3 yet.',
    nextRetryDelay: Math.min(3_000, left),
  });

/** A reason is in the result of the run, which Temporal takes up to 2 MB of. */
const MOST_BYTES_OF_REASON = 5_000;

/** The error's name and no more for bad JSON, whose message quotes the text it could not read. */
export function reasonOf(error: unknown): string {
  if (error instanceof SyntaxError) return 'it is not JSON';
  const { name, message } = recordOf(error);
  const said = [name, message].filter((part) => typeof part === 'string' && part !== '').join(': ');
  return cutText(said || 'UnknownError', MOST_BYTES_OF_REASON);
}
