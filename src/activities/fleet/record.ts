/** Records the jobs of a fleet that have ended: the parts of the report in S3, and sums for the history. */
import { cancellationSignal, heartbeat } from '@temporalio/activity';
import type { S3Client } from '@aws-sdk/client-s3';
import { outcomeOf, type Outcome } from '../../lib/outcome.ts';
import { encryptingS3 } from '../encrypting-s3.ts';
import type { ImageSetCounts, ImportCounts } from '../import-manifest.ts';
import { importOutcomeActivity, type ReadManifest } from '../import-outcome.ts';
import { attempt } from '../operation.ts';
import { reportOf, entriesOf } from '../report-files.ts';
import { tellsOfLoss, type FailedFile } from '../report-lines.ts';
import type { ImportOrder } from './import-jobs.ts';
import { writeLines, type PlannedJob, type StagedPiece } from './plan-files.ts';
import { jobsAt } from './planned-jobs.ts';
import type { EndedImport, PlanPlace } from './run.ts';
import { notCopiedOf, removeCopies, stagedFiles, withOriginals, type WhyNotCopied } from './staged-files.ts';

/** How one job of a fleet has ended. `failed`: the job as a whole. */
export type JobOutcome = Outcome | 'failed' | 'planned again';

/** A line of the report. */
export interface ReportedJob {
  readonly index: number;
  readonly prefix: string;
  /** Of a staged job, whose `prefix` is that of the copies: the folders of the originals, as S3 URIs. */
  readonly folders?: readonly string[];
  /** Of a staged job: how many files could not be copied, because they are archived or were deleted. */
  readonly notCopied?: number;
  readonly outcome: JobOutcome;
  /** As planned. The prefix may have had more or fewer files when it was imported. */
  readonly files: number;
  readonly counts?: ImportCounts;
  readonly imageSets?: Pick<ImageSetCounts, 'total' | 'nonPrimary'>;
  readonly jobId: string;
  readonly attempts: number;
  readonly reason?: string;
  readonly submittedAt?: string;
  readonly endedAt?: string;
}

/** A line of the list of files that were not imported: one with its reason, and the index of its job. */
export interface ReportedFile extends FailedFile {
  readonly index: number;
}

/** What the jobs that have been recorded come to. Sums of parts add up. */
export interface FleetSums {
  readonly imports: Readonly<Record<'complete' | 'partial' | 'none' | 'failed' | 'unknown', number>>;
  readonly files: Readonly<Record<'imported' | 'failed', number>>;
  /** HealthLake. */
  readonly resources: Readonly<Record<'imported' | 'failed', number>>;
  readonly imageSets: Readonly<Record<'total' | 'nonPrimary', number>>;
}

export const NOTHING_RECORDED: FleetSums = {
  imports: { complete: 0, partial: 0, none: 0, failed: 0, unknown: 0 },
  files: { imported: 0, failed: 0 },
  resources: { imported: 0, failed: 0 },
  imageSets: { total: 0, nonPrimary: 0 },
};

export function withReported(
  sums: FleetSums,
  { outcome, counts, imageSets, notCopied = 0 }: ReportedJob,
): FleetSums {
  if (outcome === 'planned again') return sums;
  const { imports, files, resources } = sums;
  const of = counts?.files && counts;
  const { scanned = 0, imported = 0 } = counts?.files ?? counts ?? {};
  return {
    imports: { ...imports, [outcome]: imports[outcome] + 1 },
    files: { imported: files.imported + imported, failed: files.failed + scanned - imported + notCopied },
    resources: {
      imported: resources.imported + (of?.imported ?? 0),
      failed: resources.failed + (of ? of.scanned - of.imported : 0),
    },
    imageSets: {
      total: sums.imageSets.total + (imageSets?.total ?? 0),
      nonPrimary: sums.imageSets.nonPrimary + (imageSets?.nonPrimary ?? 0),
    },
  };
}

export interface RecordInput {
  readonly order: ImportOrder;
  readonly plan: PlanPlace;
  readonly jobs: readonly EndedImport[];
  /** The number of the part of the report. */
  readonly part: number;
  /** How often a job is tried. */
  readonly tries: number;
  /** The sums of all parts before. */
  readonly sums: FleetSums;
  /** How long the manifest of a job may be missing, in milliseconds. */
  readonly manifestWait: number;
}

export interface RecordResult {
  readonly sums: FleetSums;
  /** The jobs that have lost files by a fault of the service: they are tried again, and are not in the report yet. */
  readonly again: readonly number[];
}

/** The files of the report. Parts that are written again, by another attempt, have the same names. */
export const reportFiles = (planUri: string) => ({
  jobs: (part: number) => `${planUri}report/${number(part)}.ndjson`,
  failures: (part: number) => `${planUri}failures/${number(part)}.ndjson`,
  report: `${planUri}report.ndjson`,
  failed: `${planUri}failures.ndjson`,
  summary: `${planUri}summary.json`,
});

/** So that S3 lists the parts in the order in which they were written. */
const number = (part: number) => String(part).padStart(8, '0');

export function recordActivity(client: S3Client) {
  const readOutcome = importOutcomeActivity(client);
  return (input: RecordInput): Promise<RecordResult> =>
    attempt('recordImports', async () => {
      const { plan, jobs, part, tries } = input;
      const s3 = encryptingS3(client, plan.kmsKeyId);
      const abort = cancellationSignal();
      const indexes = jobs.map(({ index }) => index);
      const planned = await jobsAt(s3, plan.planUri, indexes, abort);
      const files = reportFiles(plan.planUri);
      const reported: ReportedJob[] = [];
      const failures: ReportedFile[] = [];
      const again: number[] = [];
      const copies: string[] = [];
      for (const job of jobs) {
        const manifest = await manifestOf(readOutcome, input, job);
        heartbeat();
        if ((manifest.counts?.serverErrors ?? 0) > 0 && job.attempt % tries !== 0) {
          again.push(job.index);
          continue;
        }
        const planFor = planned.get(job.index) ?? NOT_PLANNED;
        const { line, entries } = await reportedJob(s3, input, job, manifest, planFor);
        reported.push(line);
        failures.push(...entries);
        if (planFor.pieces) copies.push(planFor.prefix);
      }
      // The report comes last: a second run takes a job for done only if it is in the report.
      if (failures.length > 0) await writeLines(s3, files.failures(part), failures, abort);
      await writeLines(s3, files.jobs(part), reported, abort);
      // Copies that cannot be removed now are counted when the fleet ends.
      for (const prefix of copies) await removeCopies(s3, prefix, abort, () => heartbeat());
      return { sums: reported.reduce(withReported, input.sums), again };
    });
}

const NOT_PLANNED: PlannedJob = { prefix: '', files: 0, bytes: 0 };

type ReadOutcome = ReturnType<typeof importOutcomeActivity>;

/** A job that has failed may have written a manifest, too, but nobody waits for it. */
async function manifestOf(
  read: ReadOutcome,
  { order, manifestWait }: RecordInput,
  { jobId, status }: EndedImport,
): Promise<ReadManifest> {
  const { service, datastoreId, outputS3Uri } = order;
  if (status === 'REJECTED') return { manifest: { uri: '', state: 'missing' } };
  const wait = status === 'FAILED' ? 0 : manifestWait;
  return read({ service, datastoreId, outputS3Uri, jobId, withImageSets: true, manifestWait: wait });
}

/** What the reports say about a job: its line, and one for each file that was not imported. */
interface Reported {
  readonly line: ReportedJob;
  readonly entries: readonly ReportedFile[];
}

async function reportedJob(
  s3: S3Client,
  input: RecordInput,
  job: EndedImport,
  manifest: ReadManifest,
  { prefix, files, pieces }: PlannedJob,
): Promise<Reported> {
  const outcome = await outcomeOfJob(s3, input, job, manifest);
  const line = { index: job.index, prefix, files, ...outcome };
  const entries = await failuresOf(s3, input, job, manifest);
  return pieces ? withOriginalNames(s3, input, { line, entries }, pieces) : { line, entries };
}

/** The reports name the originals of a staged job, and not their copies, and also what could not be copied. */
async function withOriginalNames(
  s3: S3Client,
  { plan }: RecordInput,
  { line, entries }: Reported,
  pieces: readonly StagedPiece[],
): Promise<Reported> {
  const { index } = line;
  const abort = cancellationSignal();
  const { list, notCopied } = stagedFiles(plan.planUri, index);
  const lost = (await notCopiedOf(s3, notCopied, abort)).map(({ key: file, reason }) => {
    return { index, file, reason, message: WHY_NOT_COPIED[reason] };
  });
  return {
    line: {
      ...line,
      folders: [...new Set(pieces.map(({ folder }) => folder))],
      ...(lost.length > 0 && { notCopied: lost.length }),
      outcome: lost.length > 0 && line.outcome === 'complete' ? 'partial' : line.outcome,
    },
    entries: [...(await withOriginals(s3, list, entries, abort)), ...lost],
  };
}

async function outcomeOfJob(
  s3: S3Client,
  { order: { service } }: RecordInput,
  { jobId, attempt, status, reason, submittedAt, endedAt }: EndedImport,
  { counts, imageSetCounts, folder }: ReadManifest,
): Promise<Omit<ReportedJob, 'index' | 'prefix' | 'files'>> {
  const hasFailed = status === 'FAILED' || status === 'REJECTED';
  let losses = 0;
  if (folder !== undefined && !hasFailed) {
    for await (const warning of entriesOf(s3, reportOf(service, 'warnings', folder), cancellationSignal()))
      if (service === 'medical-imaging' && tellsOfLoss(warning)) losses += 1;
  }
  const withErrors = status === 'COMPLETED_WITH_ERRORS';
  return {
    outcome: hasFailed ? 'failed' : outcomeOf({ manifest: counts, losses, withErrors }),
    ...(counts && { counts }),
    ...(imageSetCounts && {
      imageSets: { total: imageSetCounts.total, nonPrimary: imageSetCounts.nonPrimary },
    }),
    jobId,
    attempts: attempt,
    ...(reason !== undefined && { reason }),
    ...(submittedAt !== undefined && { submittedAt }),
    ...(endedAt !== undefined && { endedAt }),
  };
}

/** The files that a job has not imported, and why. */
async function failuresOf(
  s3: S3Client,
  { order: { service } }: RecordInput,
  { index }: EndedImport,
  { counts, folder }: ReadManifest,
): Promise<ReportedFile[]> {
  if (folder === undefined || !counts || counts.customerErrors + counts.serverErrors === 0) return [];
  const failures: ReportedFile[] = [];
  for await (const entry of entriesOf(s3, reportOf(service, 'failures', folder), cancellationSignal()))
    failures.push({ index, ...entry });
  return failures;
}

const WHY_NOT_COPIED: Readonly<Record<WhyNotCopied, string>> = {
  archived: 'The file is archived in S3, and must be restored before it can be copied.',
  missing: 'The file was deleted after the fleet had listed it.',
};
