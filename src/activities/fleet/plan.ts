/** The activities that plan a fleet of imports. */
import { cancellationSignal, heartbeat } from '@temporalio/activity';
import { folderUri } from '../../lib/folder-uri.ts';
import type { S3Client } from '@aws-sdk/client-s3';
import { encryptingS3 } from '../encrypting-s3.ts';
import type { ListedObject } from '../listed-objects.ts';
import { attempt } from '../operation.ts';
import { listPages, parseS3Uri } from '../s3.ts';
import { Cutter, type CutResult, type JobLimits } from './cut.ts';
import {
  NO_SUMS,
  addSums,
  planFiles,
  jobsIn,
  readJson,
  readPart,
  sumsOf,
  withoutParts,
  writeLines,
  writePart,
  type Encryption,
  type NotImportable,
  type PartOfPlan,
  type PlanHead,
  type PlanSums,
  type ReadPart,
  type Shard,
} from './plan-files.ts';
import { jobsAt, readHead } from './planned-jobs.ts';
import { reportFiles, type ReportedJob } from './record.ts';
import { compareKeys, planIdOf, rootsOf, type FleetSource } from './roots.ts';
import { withRange, withStagedJobs } from './staged-jobs.ts';
import { isFolderMarker, shardsOf } from './survey.ts';

/** What identifies a plan: a second run with an equal order continues the plan of the first one. */
export interface PlanOrder {
  readonly service: string;
  readonly datastoreId: string;
  readonly source: FleetSource;
  readonly outputS3Uri: string;
  readonly limits: JobLimits;
  readonly planName?: string | undefined;
}

export interface Survey {
  readonly planId: string;
  /** The folder of the plan's files, as an S3 URI that ends with a slash. */
  readonly planUri: string;
  readonly shards: number;
  /** The head of a plan that an earlier run has completed. */
  readonly complete?: PlanSums;
}

export interface JobToPlanAgain extends Omit<PartOfPlan, 'n'> {
  readonly planId: string;
  readonly index: number;
  readonly attempt: number;
  readonly jobId: string;
  /** The number of the part of the report that says so. */
  readonly part: number;
}

/** The jobs that replace another one: none if its folder cannot be cut. */
export interface PlannedAgain {
  readonly from: number;
  readonly to: number;
  /** How many of them, the last ones, are staged. */
  readonly staged: number;
  /** How many more jobs and files the plan has now. */
  readonly jobs: number;
  readonly files: number;
}

export interface PlanToClose extends Encryption {
  readonly planId: string;
  readonly planUri: string;
  readonly parts: readonly PlanSums[];
}

export function planActivities(client: S3Client) {
  return {
    /**
     * Divides the input into shards, and writes for each what it has to read. Does nothing if the plan is complete.
     *
     * @throws ApplicationFailure `ValidationFailed` for folders that overlap
     */
    surveyFleet: ({ kmsKeyId, ...order }: PlanOrder & Encryption): Promise<Survey> =>
      attempt('surveyFleet', async () => {
        const s3 = encryptingS3(client, kmsKeyId);
        const abort = cancellationSignal();
        const planId = planIdOf(order);
        const planUri = `${folderUri(order.outputS3Uri)}${planId}/`;
        const files = planFiles(planUri);
        const head = await readJson<PlanHead>(s3, files.head, abort);
        if (head) return { planId, planUri, shards: head.parts.length, complete: withoutParts(head) };
        const roots = await rootsOf(s3, order.source, abort);
        const shards = await shardsOf(s3, roots, order.limits, abort, () => heartbeat());
        for (const [n, shard] of shards.entries()) await writeLines(s3, files.shard(n), [shard], abort);
        return { planId, planUri, shards: shards.length };
      }),

    /**
     * Reads the objects of one shard, and writes the jobs that import them to `plan/<n>.ndjson`. The file also says how far
     * the activity has come, so that another attempt continues there.
     */
    planShard: ({ planUri, n, kmsKeyId }: PartOfPlan): Promise<PlanSums> =>
      attempt('planShard', async () => {
        const s3 = encryptingS3(client, kmsKeyId);
        const abort = cancellationSignal();
        const shard = await readJson<Shard>(s3, planFiles(planUri).shard(n), abort);
        if (!shard) throw new Error(`the plan has no shard ${n}`);
        return new ShardPlanner(s3, shard, { planUri, n }, abort).run();
      }),

    /**
     * Plans the folder of one job again, which has had too many files when it was imported: files may have been added since.
     * The new jobs are a further part of the plan.
     */
    planAgain: (input: JobToPlanAgain): Promise<PlannedAgain> =>
      attempt('planAgain', () =>
        planAgain(encryptingS3(client, input.kmsKeyId), input, cancellationSignal()),
      ),

    /** Writes `plan.json`, which makes the plan complete. */
    closePlan: ({ planId, planUri, parts, kmsKeyId }: PlanToClose): Promise<PlanSums> =>
      attempt('closePlan', async () => {
        const s3 = encryptingS3(client, kmsKeyId);
        const sums = parts.reduce(addSums, NO_SUMS);
        const head: PlanHead = { planId, ...sums, parts };
        await writeLines(s3, planFiles(planUri).head, [head], cancellationSignal());
        return sums;
      }),
  };
}

const NOT_CUT: PlannedAgain = { from: 0, to: 0, staged: 0, jobs: 0, files: 0 };

async function planAgain(
  s3: S3Client,
  { planUri, index, attempt: attempts, jobId, part }: JobToPlanAgain,
  abort: AbortSignal,
): Promise<PlannedAgain> {
  const files = planFiles(planUri);
  const head = await readHead(s3, planUri, abort);
  const job = (await jobsAt(s3, planUri, [index], abort)).get(index);
  const first = await readJson<Shard>(s3, files.shard(0), abort);
  if (!job || !first) throw new Error(`the plan has no job ${index}`);
  // It has as many files as were copied for it, which are not too many by the limits of the plan.
  if (job.pieces) return NOT_CUT;
  const before = head.plannedAgain?.[index];
  const n = before ?? head.parts.length;
  if (before === undefined) {
    const { bucket, key: prefix } = parseS3Uri(job.prefix);
    const shard: Shard = { limits: first.limits, tooLarge: [], ranges: [{ bucket, prefix }] };
    await writeLines(s3, files.shard(n), [shard], abort);
    // An earlier run may have left the part of another job here.
    const cutter = new Cutter(prefix, first.limits).state;
    const stopped = { range: 0, after: '', cutter, cannot: 0 };
    await writePart(s3, planUri, n, { jobs: [], cannot: [], stopped }, abort);
  }
  const from = jobsIn(head.parts.slice(0, n));
  if (!head.parts[n])
    await new ShardPlanner(s3, (await readJson(s3, files.shard(n), abort))!, { planUri, n }, abort).run();
  const { jobs, sums, staged } = await withStagedJobs(s3, { planUri, n, from }, head, first.limits, abort);
  if (sums.jobs === 0 || (sums.jobs === 1 && jobs[0]?.prefix === job.prefix)) return NOT_CUT;
  const more = { jobs: sums.jobs - 1, files: sums.files - job.files };
  const line: ReportedJob = {
    index,
    prefix: job.prefix,
    outcome: 'planned again',
    files: job.files,
    jobId,
    attempts,
  };
  await writeLines(s3, reportFiles(planUri).jobs(part), [line], abort);
  if (before === undefined) {
    const replaced = { ...NO_SUMS, jobs: -1, files: -job.files, bytes: -job.bytes };
    const next: PlanHead = {
      ...head,
      ...addSums(addSums(head, sums), replaced),
      parts: [...head.parts, sums],
      plannedAgain: { ...head.plannedAgain, [index]: n },
      ...(head.staging && { staging: withRange(head.staging, from + sums.jobs - staged, staged) }),
    };
    await writeLines(s3, files.head, [next], abort);
  }
  return { from, to: from + sums.jobs, staged, ...more };
}

/** The longest S3 URI that both services take for an input, in characters. */
const LONGEST_URI = 1_024;

/** Storage classes whose objects must be restored before anybody can read them. (S3 user guide, storage classes.) */
const ARCHIVED: ReadonlySet<string> = new Set(['GLACIER', 'DEEP_ARCHIVE']);

/** A part is written after this many pages, or after a tenth of the pages that have been read, whichever is more. */
const PAGES_BETWEEN_WRITES = 10;

/** Reads one shard. */
class ShardPlanner {
  readonly #s3: S3Client;
  readonly #shard: Shard;
  readonly #place: PartOfPlan;
  readonly #abort: AbortSignal;
  #part: ReadPart = { jobs: [], cannot: [] };
  #pages = 0;
  #writtenAt = 0;

  constructor(s3: S3Client, shard: Shard, place: PartOfPlan, abort: AbortSignal) {
    this.#s3 = s3;
    this.#shard = shard;
    this.#place = place;
    this.#abort = abort;
  }

  async run(): Promise<PlanSums> {
    const { planUri, n } = this.#place;
    const { limits, tooLarge, ranges } = this.#shard;
    const before = await readPart(this.#s3, planUri, n, this.#abort);
    if (before && !before.stopped) return sumsOf(before);
    if (before) this.#part = { jobs: before.jobs, cannot: before.cannot };
    const stopped = before?.stopped;
    for (let range = stopped?.range ?? 0; range < ranges.length; range++) {
      const resumed = range === stopped?.range ? stopped : undefined;
      const { prefix, bucket, from, to } = ranges[range]!;
      const cutter = new Cutter(prefix, limits, tooLarge, resumed?.cutter);
      const request = { Bucket: bucket, Prefix: prefix, StartAfter: resumed?.after ?? from };
      for await (const { objects } of listPages(this.#s3, request, this.#abort)) {
        const { last, isEnd } = this.#read(cutter, bucket, objects, to);
        if (last === undefined) break;
        this.#keep(bucket, cutter.take());
        this.#pages += 1;
        heartbeat({ pages: this.#pages, jobs: this.#part.jobs.length });
        if (this.#pages - this.#writtenAt >= Math.max(PAGES_BETWEEN_WRITES, this.#pages / 10)) {
          await this.#write({ range, after: last, cutter: cutter.state, cannot: this.#part.cannot.length });
        }
        if (isEnd) break;
      }
      this.#keep(bucket, cutter.end());
    }
    await this.#write();
    return sumsOf(this.#part);
  }

  /** @returns the last key before the end of the range, and whether the range ends here */
  #read(cutter: Cutter, bucket: string, objects: Iterable<ListedObject>, to: string | undefined) {
    let last: string | undefined;
    for (const object of objects) {
      if (to !== undefined && compareKeys(object.Key, to) >= 0) return { last, isEnd: true };
      this.#add(cutter, bucket, object);
      last = object.Key;
    }
    return { last, isEnd: false };
  }

  #add(cutter: Cutter, bucket: string, { Key: key, Size: size = 0, StorageClass }: ListedObject): void {
    if (isFolderMarker(key, size)) return;
    if (ARCHIVED.has(StorageClass ?? '')) this.#addArchived(bucket, key, size);
    cutter.add({ key, size });
  }

  /** Archived objects of one folder that follow one another are one line. */
  #addArchived(bucket: string, key: string, size: number): void {
    const folder = `s3://${bucket}/${key.slice(0, key.lastIndexOf('/') + 1)}`;
    const last = this.#part.cannot.at(-1);
    const joins = last?.why === 'archived' && last.folder === folder;
    const sum = { files: (joins ? last.files : 0) + 1, bytes: (joins ? last.bytes : 0) + size };
    const line: NotImportable = {
      folder,
      why: 'archived',
      first: (joins && last.first) || key,
      last: key,
      ...sum,
    };
    if (joins) this.#part.cannot.pop();
    this.#part.cannot.push(line);
  }

  #keep(bucket: string, { jobs, uncut }: CutResult): void {
    for (const { prefix: key, files, bytes } of jobs) {
      const prefix = `s3://${bucket}/${key}`;
      if (prefix.length <= LONGEST_URI) this.#part.jobs.push({ prefix, files, bytes });
      else this.#part.cannot.push({ folder: prefix, why: 'URI too long', files, bytes });
    }
    for (const { folder, ...rest } of uncut)
      this.#part.cannot.push({ folder: `s3://${bucket}/${folder}`, ...rest });
  }

  async #write(stopped?: ReadPart['stopped']): Promise<void> {
    const { planUri, n } = this.#place;
    await writePart(this.#s3, planUri, n, { ...this.#part, ...(stopped && { stopped }) }, this.#abort);
    this.#writtenAt = this.#pages;
  }
}
