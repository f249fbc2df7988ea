/**
 * Plans jobs for files that no prefix can import: those in a folder with more files than a job may have, and those beside
 * sub-folders. Such a job imports a folder of copies.
 */
import { ApplicationFailure } from '@temporalio/activity';
import { folderUri } from '../../lib/folder-uri.ts';
import type { S3Client } from '@aws-sdk/client-s3';
import { parseS3Uri, readUriLines } from '../s3.ts';
import type { Amount, JobLimits } from './cut.ts';
import {
  addAmounts,
  addSums,
  jobsIn,
  planFiles,
  readPart,
  sumsOf,
  writeLines,
  writePart,
  type Encryption,
  type NotImportable,
  type PartOfPlan,
  type PlanHead,
  type PlanSums,
  type PlannedJob,
  type StagedPiece,
  type Staging,
  type WhyNot,
} from './plan-files.ts';
import { readHead } from './planned-jobs.ts';
import { rootsOf, type FleetSource } from './roots.ts';
import { copiedLines } from './staged-files.ts';

export interface StagingOrder extends Encryption {
  readonly planId: string;
  readonly planUri: string;
  /** The folder for the copies of all plans. */
  readonly stagingS3Uri: string;
  readonly source: FleetSource;
  readonly limits: JobLimits;
}

/** Copies make these files importable. Others stay what they are: archived, or too large for a job. */
const STAGEABLE: ReadonlySet<WhyNot> = new Set([
  'beside sub-folders',
  'too many in one folder',
  'URI too long',
]);

/** The most pieces of one job, so that its line in the plan, and in the report, stays short. */
const MOST_PIECES = 100;

/**
 * Adds a part to a plan, with jobs for the files that no prefix can import. Does nothing if the plan has one.
 *
 * @returns what the plan comes to now
 * @throws ApplicationFailure `ValidationFailed` if the copies would be among the files to import, or if an earlier run on this plan
 *   has named another place for them
 * @throws the S3 exception, such as `NoSuchBucket` for the place of the copies
 */
export async function planStagedJobs(
  s3: S3Client,
  { planId, planUri, stagingS3Uri, source, limits }: StagingOrder,
  abort: AbortSignal,
): Promise<PlanHead> {
  const uri = `${folderUri(stagingS3Uri)}${planId}/`;
  const head = await readHead(s3, planUri, abort);
  if (head.staging) {
    if (head.staging.uri !== uri) throw refused('an earlier run on this plan has named another one');
    return head;
  }
  if ((await rootsOf(s3, source, abort)).some((root) => uri.startsWith(root)))
    throw refused('the copies would be among the files to import');
  // A bucket that does not exist, or that the role may not list, is better noticed before anything starts.
  await copiedLines(s3, uri, abort, () => {});
  const from = jobsIn(head.parts);
  const jobs = await stagedJobsFor(uncutOf(s3, planUri, head, abort), uri, from, limits);
  const sums = sumsOf({ jobs, cannot: [] });
  await writePart(s3, planUri, head.parts.length, { jobs, cannot: [] }, abort);
  const next: PlanHead = {
    ...head,
    ...addSums({ ...head, cannot: withoutStageable(head.cannot) }, sums),
    parts: [...head.parts, sums],
    staged: { jobs: sums.jobs, files: sums.files, bytes: sums.bytes },
    staging: withRange({ uri, ranges: [] }, from, jobs.length),
  };
  await writeLines(s3, planFiles(planUri).head, [next], abort);
  return next;
}

/** A part of a plan, and how many of its jobs, the last ones, are staged. */
export interface PartWithStaged {
  readonly jobs: readonly PlannedJob[];
  readonly sums: PlanSums;
  readonly staged: number;
}

/**
 * Adds jobs to a further part of a plan for the files in it that no prefix can import, if the plan has a place for copies. Does
 * nothing if the part has them.
 *
 * @param part - where the part is, and the index of its first job
 */
export async function withStagedJobs(
  s3: S3Client,
  { planUri, n, from }: PartOfPlan & { readonly from: number },
  { staging }: PlanHead,
  limits: JobLimits,
  abort: AbortSignal,
): Promise<PartWithStaged> {
  const { jobs, cannot } = (await readPart(s3, planUri, n, abort)) ?? { jobs: [], cannot: [] };
  const staged = jobs.filter(({ pieces }) => pieces !== undefined);
  if (!staging || staged.length > 0) return { jobs, sums: sumsOf({ jobs, cannot }), staged: staged.length };
  const more = await stagedJobsFor(cannot, staging.uri, from + jobs.length, limits);
  const part = { jobs: [...jobs, ...more], cannot: cannot.filter((line) => !isStageable(line)) };
  await writePart(s3, planUri, n, part, abort);
  return { jobs: part.jobs, sums: sumsOf(part), staged: more.length };
}

/** Adds the range of `count` staged jobs. */
export const withRange = ({ uri, ranges }: Staging, from: number, count: number): Staging => ({
  uri,
  ranges: count > 0 ? [...ranges, [from, from + count]] : ranges,
});

/** @param from - the index of the first of the jobs */
async function stagedJobsFor(
  cannot: AsyncIterable<NotImportable> | Iterable<NotImportable>,
  stagingUri: string,
  from: number,
  limits: JobLimits,
): Promise<PlannedJob[]> {
  const jobs: PlannedJob[] = [];
  for await (const { pieces, files, bytes } of packed(cannot, limits))
    jobs.push({ prefix: `${stagingUri}${from + jobs.length}/`, files, bytes, pieces });
  return jobs;
}

const isStageable = ({ why }: NotImportable): boolean => STAGEABLE.has(why);

interface Packed extends Amount {
  readonly pieces: StagedPiece[];
}

async function* uncutOf(
  s3: S3Client,
  planUri: string,
  { parts }: PlanHead,
  abort: AbortSignal,
): AsyncGenerator<NotImportable> {
  for (const n of parts.keys()) {
    for await (const line of readUriLines(s3, planFiles(planUri).cannot(n), abort)) yield JSON.parse(line);
  }
}

/** Joins pieces that follow one another to jobs, each with files of one bucket. */
async function* packed(
  cannot: AsyncIterable<NotImportable> | Iterable<NotImportable>,
  limits: JobLimits,
): AsyncGenerator<Packed> {
  let job: Packed | undefined;
  let bucket = '';
  for await (const line of cannot) {
    if (!isStageable(line)) continue;
    const { folder, first, last } = line;
    const piece = { folder, ...(first !== undefined && { first }), ...(last !== undefined && { last }) };
    const sum = addAmounts(job, line);
    const fits =
      sum.files <= limits.files && sum.bytes <= limits.bytes && (job?.pieces.length ?? 0) < MOST_PIECES;
    const isSameBucket = parseS3Uri(folder).bucket === bucket;
    if (job && fits && isSameBucket) job = { pieces: [...job.pieces, piece], ...sum };
    else {
      if (job) yield job;
      ({ bucket } = parseS3Uri(folder));
      job = { pieces: [piece], files: line.files, bytes: line.bytes };
    }
  }
  if (job) yield job;
}

const withoutStageable = (cannot: PlanSums['cannot']): PlanSums['cannot'] =>
  Object.fromEntries(Object.entries(cannot).filter(([why]) => !STAGEABLE.has(why as WhyNot)));

const refused = (why: string) =>
  ApplicationFailure.create({
    type: 'ValidationFailed',
    message: `stagingS3Uri cannot be used: ${why}. Name another one, or another planName`,
    nonRetryable: true,
    details: [{}],
  });
