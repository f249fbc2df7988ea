/** What has been done of a plan, by the report in S3 and the service's own list of jobs; and the end of a fleet. */
import { cancellationSignal, heartbeat } from '@temporalio/activity';
import type { S3Client } from '@aws-sdk/client-s3';
import { Readable } from 'node:stream';
import { storeBlob } from '../blobs.ts';
import { encryptingS3 } from '../encrypting-s3.ts';
import { attempt } from '../operation.ts';
import type { ImportingService } from '../report-lines.ts';
import { listObjects, readUriLines } from '../s3.ts';
import { allJobs, readMark, type ImportJobs, type ImportOrder, type SeenJob } from './import-jobs.ts';
import { jobsIn, writeLines, type IndexRange } from './plan-files.ts';
import { jobsAt, readHead } from './planned-jobs.ts';
import { NOTHING_RECORDED, reportFiles, withReported, type FleetSums, type ReportedJob } from './record.ts';
import { endOf, isOurs, type EndedImport, type PlanPlace } from './run.ts';

export interface LedgerInput {
  readonly order: ImportOrder;
  readonly plan: PlanPlace;
  /** False for a plan that this run has just made, so that no job of it can exist. */
  readonly mayHaveRun: boolean;
  readonly tries: number;
}

export interface Ledger {
  /** The jobs that are neither done nor in the service. */
  readonly todo: readonly (readonly [from: number, to: number])[];
  /** Jobs that have been tried before. */
  readonly again: readonly { index: number; attempt: number }[];
  readonly running: readonly { index: number; attempt: number; jobId: string }[];
  readonly ended: readonly EndedImport[];
  /** The jobs whose files are copied before they are started. Absent for a plan without `stagingS3Uri`. */
  readonly staged?: readonly IndexRange[];
  readonly part: number;
  /** Of the jobs that are done. */
  readonly sums: FleetSums;
}

/** The summary of a fleet, which the run writes to S3 and returns. */
export interface SummaryInput {
  readonly plan: PlanPlace;
  readonly summary: object;
}

export function ledgerActivities(s3: S3Client, services: Readonly<Record<ImportingService, ImportJobs>>) {
  return {
    /** Reads what an earlier run on the same plan has done, so that this one does only what is missing. */
    openLedger: ({ order, plan, mayHaveRun, tries }: LedgerInput): Promise<Ledger> =>
      attempt('openLedger', async () => {
        const { parts: planParts, staging } = await readHead(s3, plan.planUri, cancellationSignal());
        const staged = staging && { staged: staging.ranges };
        const jobs = jobsIn(planParts);
        const none = { todo: jobs > 0 ? ([[0, jobs]] as const) : [], again: [], running: [], ended: [] };
        if (!mayHaveRun) return { ...none, ...staged, part: 0, sums: NOTHING_RECORDED };
        const { lines, parts } = await readReport(s3, plan.planUri);
        const done = new Map([...lines].filter(([, line]) => isDone(line)));
        const known = await jobsInService(s3, services[order.service], order, plan, done);
        const sums = [...done.values()].reduce(withReported, NOTHING_RECORDED);
        return { ...sorted(jobs, done, lines, known, tries), ...staged, part: parts, sums };
      }),

    /** Joins the parts of the report to `report.ndjson` and `failures.ndjson`, and writes `summary.json`. */
    closeLedger: ({ plan: { planUri, kmsKeyId }, summary }: SummaryInput): Promise<void> =>
      attempt('closeLedger', async () => {
        const encrypting = encryptingS3(s3, kmsKeyId);
        const files = reportFiles(planUri);
        const { lines, partOf } = await readReport(s3, planUri);
        const inOrder = [...lines].toSorted(([a], [b]) => a - b).map(([, line]) => line);
        const store = (uri: string, texts: AsyncIterable<Buffer> | Iterable<Buffer>) =>
          storeBlob(
            encrypting,
            { body: Readable.from(texts, { objectMode: true }), contentType: 'application/x-ndjson' },
            { uri },
          );
        await store(files.report, bytesOfLines(inOrder));
        await store(files.failed, failuresIn(s3, planUri, partOf));
        await writeLines(encrypting, files.summary, [summary], cancellationSignal());
      }),
  };
}

function* bytesOfLines(lines: readonly object[]): Generator<Buffer> {
  for (const line of lines) yield Buffer.from(`${JSON.stringify(line)}\n`);
}

/** A job that a second run has tried again is in several parts, of which the last one counts. */
async function* failuresIn(
  s3: S3Client,
  planUri: string,
  partOf: ReadonlyMap<number, number>,
): AsyncGenerator<Buffer> {
  const abort = cancellationSignal();
  for await (const { uri } of listObjects(s3, `${planUri}failures/`, abort)) {
    for await (const line of readUriLines(s3, uri, abort)) {
      const { index } = JSON.parse(line) as { index: number };
      if (partOf.get(index) === partIn(uri)) yield Buffer.from(`${line}\n`);
    }
  }
}

const partIn = (uri: string) => Number(/(\d+)\.ndjson$/.exec(uri)?.[1]);

/** The last line about each job, and in which part it is. */
async function readReport(s3: S3Client, planUri: string) {
  const abort = cancellationSignal();
  const lines = new Map<number, ReportedJob>();
  const partOf = new Map<number, number>();
  let parts = 0;
  for await (const { uri } of listObjects(s3, `${planUri}report/`, abort)) {
    for await (const text of readUriLines(s3, uri, abort)) {
      const line: ReportedJob = JSON.parse(text);
      lines.set(line.index, line);
      partOf.set(line.index, partIn(uri));
    }
    parts = partIn(uri) + 1;
    heartbeat();
  }
  return { lines, partOf, parts };
}

/** What failed as a whole, or has an unknown outcome, is done again. */
const isDone = ({ outcome }: ReportedJob) => outcome !== 'failed' && outcome !== 'unknown';

interface JobInService extends SeenJob {
  readonly index: number;
  readonly attempt: number;
}

/** The last try of each job of the plan that the service knows and the report does not. (Jobs are listed for 90 days.) */
async function jobsInService(
  s3: S3Client,
  jobs: ImportJobs,
  order: ImportOrder,
  { planId, planUri }: PlanPlace,
  done: ReadonlyMap<number, ReportedJob>,
): Promise<JobInService[]> {
  const last = new Map<number, JobInService>();
  for await (const job of allJobs(jobs, order, undefined, () => heartbeat())) {
    const mark = readMark(planId, job.name);
    if (!mark || done.has(mark.index)) continue;
    if ((last.get(mark.index)?.attempt ?? 0) < mark.attempt) last.set(mark.index, { ...job, ...mark });
  }
  const planned = await jobsAt(s3, planUri, [...last.keys()], cancellationSignal());
  const ours: JobInService[] = [];
  for (const job of last.values()) {
    if (await isOurs(jobs, order, job.jobId, planned.get(job.index)?.prefix)) ours.push(job);
    heartbeat();
  }
  return ours;
}

function sorted(
  jobs: number,
  done: ReadonlyMap<number, ReportedJob>,
  lines: ReadonlyMap<number, ReportedJob>,
  known: readonly JobInService[],
  tries: number,
): Pick<Ledger, 'todo' | 'again' | 'running' | 'ended'> {
  const again: { index: number; attempt: number }[] = [];
  const running: Ledger['running'][number][] = [];
  const ended: EndedImport[] = [];
  const inService = new Map(known.map((job) => [job.index, job]));
  for (const [index, { attempts, outcome }] of lines) {
    if (done.has(index) || (outcome === 'unknown' && inService.has(index))) continue;
    // The tries of each run begin after a multiple of their number, because a used token would give back the failed job.
    const tried = Math.max(attempts, inService.get(index)?.attempt ?? 0);
    again.push({ index, attempt: Math.ceil(tried / tries) * tries + 1 });
    inService.delete(index);
  }
  for (const { index, attempt, ...job } of inService.values()) {
    if (OPEN.has(job.status)) running.push({ index, attempt, jobId: job.jobId });
    else if (job.status === 'FAILED') again.push({ index, attempt: attempt + 1 });
    else ended.push({ index, attempt, ...endOf(job) });
  }
  const taken = new Set([...done.keys(), ...again.map(({ index }) => index), ...inService.keys()]);
  return { todo: rangesWithout(jobs, taken), again, running, ended };
}

const OPEN: ReadonlySet<string> = new Set(['SUBMITTED', 'QUEUED', 'IN_PROGRESS']);

function rangesWithout(jobs: number, taken: ReadonlySet<number>): [number, number][] {
  const ranges: [number, number][] = [];
  for (let index = 0; index < jobs; index++) {
    const last = ranges.at(-1);
    if (taken.has(index)) continue;
    if (last?.[1] === index) last[1] = index + 1;
    else ranges.push([index, index + 1]);
  }
  return ranges;
}
