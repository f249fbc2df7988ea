/** The files of a plan in S3, below the output of the fleet. Keys and names of folders stay in them: the history has only sums. */
import type { S3Client } from '@aws-sdk/client-s3';
import { isRecord } from '../../lib/guards.ts';
import { readText, readUriLines, writeText } from '../s3.ts';
import type { Amount, CutterState, JobLimits } from './cut.ts';

/** Says how the files of a plan and its reports are encrypted. */
export interface Encryption {
  /** The KMS key of the fleet's output. Without one, the default encryption of the bucket applies. */
  readonly kmsKeyId?: string | undefined;
}

/** A part of the input that one activity reads: some of the keys below one or several prefixes. */
export interface Shard {
  readonly limits: JobLimits;
  /** Folders that reach into other shards, too, and that are known to be too large for one job. */
  readonly tooLarge: readonly string[];
  readonly ranges: readonly KeyRange[];
}

/** The keys below a prefix, from `from` (exclusive) up to `to` (exclusive). Absent bounds do not limit. */
export interface KeyRange {
  readonly bucket: string;
  readonly prefix: string;
  readonly from?: string;
  readonly to?: string;
}

/** A job of a plan. */
export interface PlannedJob extends Amount {
  /** The folder to import, as an S3 URI that ends with a slash. */
  readonly prefix: string;
  /** Only for a staged job: the files that must be copied into the folder, all from one bucket. */
  readonly pieces?: readonly StagedPiece[];
}

/** The files directly in a folder from `first` to `last`, as keys; or without these bounds all below it. */
export interface StagedPiece {
  /** As an S3 URI. */
  readonly folder: string;
  readonly first?: string;
  readonly last?: string;
}

/** Objects that no job of the plan imports, or that no job can import. */
export interface NotImportable extends Amount {
  readonly folder: string;
  readonly why: WhyNot;
  readonly first?: string;
  readonly last?: string;
}

export type WhyNot =
  | 'beside sub-folders'
  | 'too many in one folder'
  | 'too large for one job'
  | 'URI too long'
  | 'archived';

/** What a plan, or a part of it, comes to. Plans of parts add up. */
export interface PlanSums extends Amount {
  readonly jobs: number;
  /** Objects that cannot be imported, by the reason. */
  readonly cannot: Readonly<Partial<Record<WhyNot, Amount>>>;
  /** Those of the jobs whose files are copied first. Absent for a plan without `stagingS3Uri`. */
  readonly staged?: StagedSums;
}

export interface StagedSums extends Amount {
  readonly jobs: number;
}

/** The indexes of jobs from `from` to `to - 1`: [0, 3] means jobs 0, 1 and 2. */
export type IndexRange = readonly [from: number, to: number];

/** The staged jobs of a plan. */
export interface Staging {
  /** The folder of their folders, as an S3 URI that ends with a slash. */
  readonly uri: string;
  readonly ranges: readonly IndexRange[];
}

export const NO_SUMS: PlanSums = { jobs: 0, files: 0, bytes: 0, cannot: {} };

export function addSums(one: PlanSums, other: PlanSums): PlanSums {
  const cannot = { ...one.cannot };
  for (const [why, amount] of Object.entries(other.cannot) as [WhyNot, Amount][]) {
    cannot[why] = addAmounts(cannot[why], amount);
  }
  return { jobs: one.jobs + other.jobs, ...addAmounts(one, other), cannot };
}

export const addAmounts = (
  { files, bytes }: Amount = { files: 0, bytes: 0 },
  more: Amount = { files: 0, bytes: 0 },
): Amount => ({ files: files + more.files, bytes: bytes + more.bytes });

/** The head of a complete plan. */
export interface PlanHead extends PlanSums {
  readonly planId: string;
  /** The jobs in each `plan/<n>.ndjson`, from which the place of a job follows. */
  readonly parts: readonly PlanSums[];
  /** Jobs that had too many files when they were imported, by their index, and the part with the jobs that replace each. */
  readonly plannedAgain?: Readonly<Record<string, number>>;
  readonly staging?: Staging;
}

/** What a plan comes to, as much of its head as a history needs. */
export const withoutParts = ({ jobs, files, bytes, cannot, staged }: PlanHead): PlanSums => ({
  jobs,
  files,
  bytes,
  cannot,
  ...(staged && { staged }),
});

/** How many jobs parts of a plan have, which is also the index of the first job of the next part. */
export const jobsIn = (parts: readonly PlanSums[]): number => parts.reduce((sum, { jobs }) => sum + jobs, 0);

/** Where a part of a plan stopped: the last line of its file until the part is complete. */
export interface Stopped {
  readonly range: number;
  /** The last key that was read. */
  readonly after: string;
  readonly cutter: CutterState;
  /** How many lines the list of what cannot be imported had then. */
  readonly cannot: number;
}

/** Names one of the parts of a plan, for the activity that makes it. */
export interface PartOfPlan extends Encryption {
  readonly planUri: string;
  readonly n: number;
}

export const planFiles = (planUri: string) => ({
  head: `${planUri}plan.json`,
  shard: (n: number) => `${planUri}shards/${n}.json`,
  part: (n: number) => `${planUri}plan/${n}.ndjson`,
  cannot: (n: number) => `${planUri}cannot/${n}.ndjson`,
});

/** @returns the value of the JSON in an object; `undefined` if there is no such object */
export async function readJson<Value>(
  s3: S3Client,
  uri: string,
  abortSignal: AbortSignal,
): Promise<Value | undefined> {
  const text = await readText(s3, uri, abortSignal);
  return text === undefined ? undefined : JSON.parse(text);
}

export const writeLines = (
  s3: S3Client,
  uri: string,
  lines: readonly unknown[],
  abortSignal: AbortSignal,
): Promise<void> =>
  writeText(s3, uri, lines.map((line) => `${JSON.stringify(line)}\n`).join(''), abortSignal);

/** What a part has so far, and where it stopped if it is not complete. */
export interface ReadPart {
  jobs: PlannedJob[];
  cannot: NotImportable[];
  stopped?: Stopped;
}

/** @returns `undefined` if nothing of the part has been written */
export async function readPart(
  s3: S3Client,
  planUri: string,
  n: number,
  abortSignal: AbortSignal,
): Promise<ReadPart | undefined> {
  const files = planFiles(planUri);
  const lines: unknown[] = [];
  const text = await readText(s3, files.part(n), abortSignal);
  if (text === undefined) return undefined;
  for (const line of text.split('\n')) if (line !== '') lines.push(JSON.parse(line));
  const cannot: NotImportable[] = [];
  for await (const line of readUriLines(s3, files.cannot(n), abortSignal)) cannot.push(JSON.parse(line));
  const last = lines.at(-1);
  if (!isRecord(last) || !('stopped' in last)) return { jobs: lines as PlannedJob[], cannot };
  const stopped = last['stopped'] as Stopped;
  return { jobs: lines.slice(0, -1) as PlannedJob[], cannot: cannot.slice(0, stopped.cannot), stopped };
}

/** A part is complete when the last line of its file is a job. */
export async function writePart(
  s3: S3Client,
  planUri: string,
  n: number,
  { jobs, cannot, stopped }: ReadPart,
  abortSignal: AbortSignal,
): Promise<void> {
  const files = planFiles(planUri);
  // The part comes last, because it says how many lines of the other file are valid.
  await writeLines(s3, files.cannot(n), cannot, abortSignal);
  await writeLines(s3, files.part(n), [...jobs, ...(stopped ? [{ stopped }] : [])], abortSignal);
}

export function sumsOf({ jobs, cannot }: Pick<ReadPart, 'jobs' | 'cannot'>): PlanSums {
  let sums: PlanSums = { ...NO_SUMS, jobs: jobs.length };
  for (const job of jobs) sums = { ...sums, ...addAmounts(sums, job) };
  for (const { why, files, bytes } of cannot)
    sums = addSums(sums, { ...NO_SUMS, cannot: { [why]: { files, bytes } } });
  return sums;
}
