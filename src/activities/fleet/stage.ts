/** The activities that copy the files of staged jobs, and remove the copies again. */
import { setMaxListeners } from 'node:events';
import { Readable } from 'node:stream';
import { cancellationSignal, heartbeat } from '@temporalio/activity';
import type { S3Client } from '@aws-sdk/client-s3';
import { recordOf } from '../../lib/guards.ts';
import { inParallel } from '../../lib/in-parallel.ts';
import { storeBlob } from '../blobs.ts';
import { encryptingS3 } from '../encrypting-s3.ts';
import { attempt } from '../operation.ts';
import type { ImportingService } from '../report-lines.ts';
import { exists, listPages, parseS3Uri, readUriLines } from '../s3.ts';
import { copyObject, type Copying } from '../s3-copy.ts';
import { withoutParts, writeLines, type PlanSums, type PlannedJob, type StagedPiece } from './plan-files.ts';
import { jobsAt, readHead } from './planned-jobs.ts';
import { compareKeys } from './roots.ts';
import type { PlanPlace } from './run.ts';
import {
  copiedLines,
  copyName,
  removeCopies,
  stagedFiles,
  type NotCopied,
  type StagedFile,
  type WhyNotCopied,
} from './staged-files.ts';
import { planStagedJobs, type StagingOrder } from './staged-jobs.ts';
import { isFolderMarker } from './survey.ts';

export interface StageInput {
  readonly service: ImportingService;
  readonly plan: PlanPlace;
  readonly index: number;
}

export interface StageResult {
  /** How many of the files of the job have a copy now. The others are archived or were deleted. */
  readonly files: number;
}

/** S3 takes thousands of requests a second for a prefix, and a client opens at most 50 connections. */
const COPIES_AT_ONCE = 32;

export function stageActivities(s3: S3Client) {
  return {
    /** Plans jobs for the files that no prefix can import. Does nothing if an earlier run has planned them. */
    planStaging: (order: StagingOrder): Promise<PlanSums> =>
      attempt('planStaging', async () => {
        const encrypting = encryptingS3(s3, order.kmsKeyId);
        return withoutParts(await planStagedJobs(encrypting, order, cancellationSignal()));
      }),

    /**
     * Copies the files of a staged job, each of which is a line of a list in S3. Only what is missing is copied, so that another
     * attempt, or another run, goes on where one was killed. The history gets numbers, and no key.
     */
    stageImport: (input: StageInput): Promise<StageResult> =>
      attempt('stageImport', () => new Stager(s3, input, cancellationSignal()).run()),

    /**
     * Removes the copies that are still there when all jobs have ended: those of jobs that were not started.
     *
     * @returns how many S3 has refused to remove
     */
    removeStaged: ({ planUri }: PlanPlace): Promise<number> =>
      attempt('removeStaged', async () => {
        const abort = cancellationSignal();
        const { staging } = await readHead(s3, planUri, abort);
        return staging ? removeCopies(s3, staging.uri, abort, () => heartbeat()) : 0;
      }),
  };
}

/** Copies the files of one staged job into the folder in S3 that the import job then reads. */
class Stager {
  /** Makes the copies, which are encrypted as their bucket says. */
  readonly #s3: S3Client;
  /** Writes files of the plan. */
  readonly #encrypting: S3Client;
  readonly #input: StageInput;
  readonly #abort: AbortSignal;
  readonly #files: ReturnType<typeof stagedFiles>;
  #copied = 0;

  constructor(s3: S3Client, input: StageInput, abort: AbortSignal) {
    this.#s3 = s3;
    this.#encrypting = encryptingS3(s3, input.plan.kmsKeyId);
    this.#input = input;
    this.#abort = abort;
    this.#files = stagedFiles(input.plan.planUri, input.index);
    // Each request that is under way listens to the signal, and Node warns of a leak above ten listeners.
    setMaxListeners(2 * COPIES_AT_ONCE, abort);
  }

  async run(): Promise<StageResult> {
    const { plan, index } = this.#input;
    const job = (await jobsAt(this.#s3, plan.planUri, [index], this.#abort)).get(index);
    if (!job?.pieces) throw new Error(`job ${index} has nothing to copy`);
    // A copy is known by its line in the list, so the list must never change.
    if (!(await exists(this.#s3, this.#files.list, this.#abort))) await this.#writeList(job.pieces);
    const notCopied = await this.#copyMissing(job);
    const inOrder = notCopied.toSorted((a, b) => a.line - b.line);
    await writeLines(this.#encrypting, this.#files.notCopied, inOrder, this.#abort);
    return { files: this.#copied };
  }

  async #writeList(pieces: readonly StagedPiece[]): Promise<void> {
    const pages = async function* (this: Stager) {
      for (const piece of pieces) yield* this.#linesOf(piece);
    }.call(this);
    const blob = { body: Readable.from(pages, { objectMode: true }), contentType: 'application/x-ndjson' };
    await storeBlob(this.#encrypting, blob, { uri: this.#files.list });
  }

  /** The lines of the files of a piece; those of a page are one buffer. */
  async *#linesOf({ folder, first, last }: StagedPiece): AsyncGenerator<Buffer> {
    const { bucket: Bucket, key: Prefix } = parseS3Uri(folder);
    const direct = first !== undefined && { Delimiter: '/', StartAfter: justBefore(first) };
    for await (const page of listPages(this.#s3, { Bucket, Prefix, ...direct }, this.#abort)) {
      const objects = [...page.objects];
      const texts = objects.flatMap(({ Key: key, Size: bytes = 0 }) => {
        if (isFolderMarker(key, bytes) || !isBetween(key, first, last)) return [];
        const file: StagedFile = { key, bytes };
        return [`${JSON.stringify(file)}\n`];
      });
      heartbeat();
      if (texts.length > 0) yield Buffer.from(texts.join(''));
      const end = objects.at(-1);
      if (end && last !== undefined && compareKeys(end.Key, last) >= 0) return;
    }
  }

  async #copyMissing({ prefix, pieces: [piece] = [] }: PlannedJob): Promise<NotCopied[]> {
    const present = await copiedLines(this.#s3, prefix, this.#abort, () => heartbeat());
    this.#copied = present.size;
    const { bucket: from } = parseS3Uri(piece?.folder ?? prefix);
    const to = parseS3Uri(prefix);
    const notCopied: NotCopied[] = [];
    // A large file takes longer than the heartbeat may be missing.
    const beat = setInterval(() => heartbeat({ copied: this.#copied }), 1_000);
    try {
      await inParallel(COPIES_AT_ONCE, this.#missing(present), async ({ line, key, bytes: size }) => {
        const name = copyName(this.#input.service, line);
        const copying = { from: { bucket: from, key }, to: { ...to, key: to.key + name }, size };
        const reason = await this.#copy(copying);
        if (reason === undefined) this.#copied += 1;
        else notCopied.push({ line, key, reason });
      });
    } finally {
      clearInterval(beat);
    }
    return notCopied;
  }

  async *#missing(present: ReadonlySet<number>): AsyncGenerator<StagedFile & { line: number }> {
    let line = 0;
    for await (const text of readUriLines(this.#s3, this.#files.list, this.#abort)) {
      line += 1;
      if (!present.has(line)) yield { line, ...(JSON.parse(text) as StagedFile) };
    }
  }

  /** @returns why the file cannot be copied; `undefined` if it has been */
  async #copy(copying: Copying): Promise<WhyNotCopied | undefined> {
    try {
      await copyObject(this.#s3, copying, this.#abort);
      return undefined;
    } catch (error) {
      const reason = WHY_NOT[String(recordOf(error)['name'])];
      if (reason === undefined) throw error;
      return reason;
    }
  }
}

/** The exceptions of S3 that concern the one file. All others concern all files, such as a role without a permission. */
const WHY_NOT: Readonly<Record<string, WhyNotCopied>> = {
  NoSuchKey: 'missing',
  // The name in the reply to HeadObject, which has no body.
  NotFound: 'missing',
  InvalidObjectState: 'archived',
  // The name in the API reference of CopyObject.
  ObjectNotInActiveTierError: 'archived',
};

/** A list begins after a key, and not at it. Few keys lie between this one and the given one. */
const justBefore = (key: string): string => Array.from(key).slice(0, -1).join('');

const isBetween = (key: string, first: string | undefined, last: string | undefined): boolean =>
  (first === undefined || compareKeys(first, key) <= 0) &&
  (last === undefined || compareKeys(key, last) <= 0);
