import { ApplicationFailure, activityInfo, cancellationSignal, heartbeat } from '@temporalio/activity';
import type { S3Client } from '@aws-sdk/client-s3';
import { toFailure } from './aws-errors.ts';
import { listUris, readLines, readText } from './s3.ts';
import { isRecord } from '../guards.ts';

/** Where an import has put its output, and how much of it is wanted. */
export interface ImportOutput {
  service: 'medical-imaging' | 'healthlake';
  /** As the job's properties have it: the services give it back with the job's own folder, or without. */
  outputS3Uri: string;
  datastoreId: string;
  jobId: string;
  /** How many failed files (or lines) to name: 0 to 100. Names and messages often hold patient data. */
  listFailedFiles: number;
  /** Whether the outcome is to name the image sets. */
  withImageSets: boolean;
  /** How long to wait for a manifest that is late, in milliseconds. */
  manifestWait: number;
}

/** In files for HealthImaging, in resources for HealthLake: each service counts what it imports. */
export interface ImportCounts {
  scanned: number;
  imported: number;
  customerErrors: number;
  serverErrors: number;
}

export interface ImportedImageSet {
  imageSetId: string;
  imageSetVersion?: number;
  /** Data that conflict with what is there make an image set that is not primary. */
  isPrimary?: boolean;
}

export interface FailedFile {
  file: string;
  /** HealthLake: the line in the ndjson file. */
  line?: number;
  reason: string;
  message: string;
}

/** What really happened in an import that has ended, as its manifest in S3 tells. */
export interface ImportOutcome {
  outcome: 'complete' | 'partial' | 'none' | 'unknown';
  counts?: ImportCounts;
  manifest: { uri: string; state: 'read' | 'missing' | 'unreadable'; reason?: string };
  /** HealthImaging: the image sets that the import has made or changed, up to 1,000. */
  imageSets?: ImportedImageSet[];
  failures?: { uri: string; byReason: Record<string, number>; listed: FailedFile[]; unreadable?: string };
}

/** What differs between the manifests of the two services. */
interface Dialect {
  readonly folder: (output: ImportOutput) => string;
  readonly manifests: readonly string[];
  readonly counts: (manifest: Record<string, unknown>) => ImportCounts | undefined;
  readonly imageSets?: (manifest: Record<string, unknown>) => ImportedImageSet[];
  /** The files below `FAILURE/` where their names are known: a role may read objects without being allowed to list them. */
  readonly failureFiles?: readonly string[];
  readonly failure: (line: Record<string, unknown>, file: string) => FailedFile;
}

const DIALECTS: Readonly<Record<ImportOutput['service'], Dialect>> = {
  'medical-imaging': {
    folder: ({ datastoreId, jobId }) => `${datastoreId}-DicomImport-${jobId}/`,
    manifests: ['job-output-manifest.json'],
    counts: ({ jobSummary }) =>
      countsOf(jobSummary, {
        scanned: 'numberOfScannedFiles',
        imported: 'numberOfImportedFiles',
        customerErrors: 'numberOfFilesWithCustomerError',
        serverErrors: 'numberOfFilesWithServerError',
      }),
    imageSets: ({ jobSummary }) => imageSetsOf(jobSummary),
    failureFiles: ['failure.ndjson'],
    failure: ({ inputFile, exception }, file) => {
      const { exceptionType, message } = isRecord(exception) ? exception : {};
      return {
        file: text(inputFile, file),
        reason: text(exceptionType, 'Unknown'),
        message: text(message, ''),
      };
    },
  },
  healthlake: {
    folder: ({ datastoreId, jobId }) => `${datastoreId}-FHIR_IMPORT-${jobId}/`,
    // The guide of 2021 spells it with a capital.
    manifests: ['manifest.json', 'Manifest.json'],
    counts: (manifest) =>
      countsOf(manifest, {
        scanned: 'numberOfResourcesScanned',
        imported: 'numberOfResourcesImportedSuccessfully',
        customerErrors: 'numberOfResourcesWithCustomerError',
        serverErrors: 'numberOfResourcesWithServerError',
      }),
    failure: ({ lineId, UpdateResourceResponse }, file) => {
      const { statusCode, jsonBlob } = isRecord(UpdateResourceResponse) ? UpdateResourceResponse : {};
      const issue = isRecord(jsonBlob) && Array.isArray(jsonBlob['issue']) ? jsonBlob['issue'][0] : undefined;
      const { code, diagnostics, details } = isRecord(issue) ? issue : {};
      const fallback = isRecord(details) ? text(details['text'], '') : '';
      return {
        file,
        ...(typeof lineId === 'number' && { line: lineId }),
        reason: text(code, typeof statusCode === 'number' ? `HTTP ${statusCode}` : 'Unknown'),
        message: text(diagnostics, fallback),
      };
    },
  },
};

/**
 * Opens up an import that has ended: `COMPLETED` does not say that every file is there. Only the manifest's counters
 * and the failure files in S3 do.
 *
 * Never fails for what S3 holds or withholds: a manifest that stays missing or cannot be read makes the outcome
 * `unknown`, and says why. The manifest may be seconds late, so the first attempts fail with `ManifestNotThereYet` and
 * are tried again by Temporal.
 */
export const importOutcomeActivity =
  (s3: S3Client) =>
  async (output: ImportOutput): Promise<ImportOutcome> => {
    const dialect = DIALECTS[output.service];
    const folder = jobFolder(output, dialect.folder(output));
    const uri = folder + dialect.manifests[0];
    try {
      const manifest = await readManifest(s3, folder, dialect.manifests);
      if (manifest === undefined) return await missing(uri, output.manifestWait);
      const counts = dialect.counts(manifest);
      if (!counts) {
        return { outcome: 'unknown', manifest: { uri, state: 'unreadable', reason: 'it holds no counters' } };
      }
      const failures = await readFailures(s3, `${folder}FAILURE/`, dialect, output);
      const imageSets = output.withImageSets ? dialect.imageSets?.(manifest) : undefined;
      return {
        outcome: outcomeOf(counts),
        counts,
        manifest: { uri, state: 'read' },
        ...(imageSets && { imageSets }),
        failures,
      };
    } catch (error) {
      throwIfItMayPass(error, output);
      return { outcome: 'unknown', manifest: { uri, state: 'unreadable', reason: reasonOf(error) } };
    }
  };

/** A network or a credential that is back in a moment is no reason to give up what S3 has to tell. */
function throwIfItMayPass(error: unknown, { manifestWait }: ImportOutput): void {
  if (error instanceof ApplicationFailure) throw error;
  const { attempt: number, scheduledTimestampMs } = activityInfo();
  const age = Date.now() - scheduledTimestampMs;
  // Time alone does not count: no worker may have been there. Nor does an attempt that a shutdown cut off.
  const tooEarly = age < manifestWait || number < 3;
  if (cancellationSignal().aborted || (!(error instanceof SyntaxError) && tooEarly)) {
    throw toFailure('readImportOutcome', error, { number, age });
  }
}

function outcomeOf({ scanned, imported }: ImportCounts): ImportOutcome['outcome'] {
  if (imported === 0) return 'none';
  return imported < scanned ? 'partial' : 'complete';
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
    if (json === undefined) continue;
    const manifest: unknown = JSON.parse(json);
    return isRecord(manifest) ? manifest : {};
  }
  return undefined;
}

async function missing(uri: string, manifestWait: number): Promise<ImportOutcome> {
  const waited = Date.now() - activityInfo().scheduledTimestampMs;
  if (waited >= manifestWait) {
    const reason = `not there ${Math.round(waited / 1000)} s after the job had ended`;
    return { outcome: 'unknown', manifest: { uri, state: 'missing', reason } };
  }
  throw ApplicationFailure.create({
    type: 'ManifestNotThereYet',
    message: 'The manifest of the import is not in S3 yet.',
    nextRetryDelay: Math.min(3_000, manifestWait - waited),
  });
}

/** Reads all failure files: counts them by reason, and keeps the first `most` by name. */
async function readFailures(s3: S3Client, uri: string, dialect: Dialect, output: ImportOutput) {
  const failures: NonNullable<ImportOutcome['failures']> = { uri, byReason: {}, listed: [] };
  try {
    for await (const failed of failedFilesOf(s3, uri, dialect, cancellationSignal())) {
      failures.byReason[failed.reason] = (failures.byReason[failed.reason] ?? 0) + 1;
      const message = failed.message.slice(0, MOST_CHARACTERS);
      if (failures.listed.length < output.listFailedFiles) failures.listed.push({ ...failed, message });
      heartbeat();
    }
  } catch (error) {
    throwIfItMayPass(error, output);
    // What the manifest has told stays true, whoever may not read the rest.
    failures.unreadable = reasonOf(error);
  }
  return failures;
}

/**
 * Everything that an import names as not imported, one after the other.
 *
 * @param uri - of the folder, as the outcome gives it; its name tells which service has written it
 */
export function failedFiles(s3: S3Client, uri: string, abortSignal: AbortSignal): AsyncGenerator<FailedFile> {
  const service = uri.includes('-FHIR_IMPORT-') ? 'healthlake' : 'medical-imaging';
  return failedFilesOf(s3, uri, DIALECTS[service], abortSignal);
}

async function* failedFilesOf(
  s3: S3Client,
  uri: string,
  dialect: Dialect,
  abortSignal: AbortSignal,
): AsyncGenerator<FailedFile> {
  for await (const file of failureUris(s3, uri, dialect, abortSignal)) {
    for await (const line of readLines(s3, file, abortSignal)) {
      yield dialect.failure(parseLine(line), file.slice(uri.length));
    }
  }
}

async function* failureUris(
  s3: S3Client,
  uri: string,
  { failureFiles }: Dialect,
  abortSignal: AbortSignal,
): AsyncGenerator<string> {
  if (failureFiles) yield* failureFiles.map((name) => uri + name);
  else yield* listUris(s3, uri, abortSignal);
}

/** The samples in AWS's own guide are not all valid JSON: such a line still counts as one failure. */
function parseLine(line: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(line);
    return isRecord(parsed) ? parsed : {};
  } catch {
    return {};
  }
}

function countsOf(summary: unknown, names: Record<keyof ImportCounts, string>): ImportCounts | undefined {
  if (!isRecord(summary)) return undefined;
  const count = (name: string) => (typeof summary[name] === 'number' ? summary[name] : undefined);
  const scanned = count(names.scanned);
  const imported = count(names.imported);
  if (scanned === undefined || imported === undefined) return undefined;
  return {
    scanned,
    imported,
    customerErrors: count(names.customerErrors) ?? 0,
    serverErrors: count(names.serverErrors) ?? 0,
  };
}

/** A result can hold so many, and messages of such a length: Temporal takes 2 MB. */
const MOST_IMAGE_SETS = 1_000;
const MOST_CHARACTERS = 1_000;

function imageSetsOf(summary: unknown): ImportedImageSet[] {
  const listed = isRecord(summary) ? summary['imageSetsSummary'] : undefined;
  return (Array.isArray(listed) ? listed : []).slice(0, MOST_IMAGE_SETS).flatMap((entry: unknown) => {
    if (!isRecord(entry) || typeof entry['imageSetId'] !== 'string') return [];
    const { imageSetId, imageSetVersion, isPrimary } = entry;
    return {
      imageSetId,
      ...(typeof imageSetVersion === 'number' && { imageSetVersion }),
      ...(typeof isPrimary === 'boolean' && { isPrimary }),
    };
  });
}

const text = (value: unknown, otherwise: string): string => (typeof value === 'string' ? value : otherwise);

/** The error's name and no more for bad JSON, whose message quotes the text it could not read. */
function reasonOf(error: unknown): string {
  if (error instanceof SyntaxError) return 'it is not JSON';
  return isRecord(error) ? `${text(error['name'], 'Error')}: ${text(error['message'], '')}` : 'UnknownError';
}
