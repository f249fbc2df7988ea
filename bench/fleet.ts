/**
 * What a fleet of imports costs, and what survives kills: `npm run bench -- fleet [JOBS] [KILLS]`.
 *
 * It imports JOBS folders (default: 1,000) into a local AWS that is 30 times as fast as AWS, and whose limits are 30 times as high.
 * Then it does the same in another run with KILLS kills (default: 10) on the way, in turn of the worker, the Temporal server and
 * the local AWS, and with a script that uses `p-limit` and the AWS SDK, which is killed once. What it prints about calls, jobs and
 * results is what the local AWS says, and not what the run says of itself.
 */
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isGrpcServiceError } from '@temporalio/client';
import { startChild } from '../dev/children.ts';
import type { ReportedJob } from '../src/activities/fleet/record.ts';
import type { FleetResult } from '../src/workflows/fleet/import-fleet.ts';
import { imagingClient } from './support/dicom.ts';
import { numberedFolder, INPUT, isBad, OUTPUT, ROLE, writeFolders } from './support/fleet-input.ts';
import {
  Part,
  say,
  sizesOf,
  startAws,
  startStage,
  type Memory,
  type WorkerStage,
} from './support/fleet-platform.ts';
import { booksOf, costOf, faultsIn, START, type Books } from './support/import-books.ts';

process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';

const SPEED = 30;
const STARTS_PER_SECOND = 0.8 * SPEED;
const JOBS = Number(process.argv[2] ?? 1_000);
const KILLS = Number(process.argv[3] ?? 10);

const folders = Array.from({ length: JOBS }, (_, index) => numberedFolder(index));
const percent = (part: number) => `${(100 * part).toFixed(2)} %`;

interface Aws extends Awaited<ReturnType<typeof startAws>> {
  readonly datastoreId: string;
  /** How many jobs have ended: each has a folder of its own in the output. */
  ended(): Promise<number>;
}

async function withAws(work: (aws: Aws, folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-fleet-'));
  await writeFolders(join(folder, 'aws/s3'), JOBS);
  const aws = await startAws(folder, {
    limits: `scaled:${SPEED}`,
    maxLoggedCalls: 1_000_000,
    datastoreCreateMs: 0,
    dicomImportSubmittedMs: Math.round(10_000 / SPEED),
    dicomImportMs: Math.round(20_000 / SPEED),
  });
  try {
    const { datastoreId = '' } = await imagingClient(aws.endpoint).createDatastore({});
    const output = join(aws.data, 's3/output');
    const ended = async () => (await readdir(output)).filter((name) => name.includes('DicomImport')).length;
    await work({ ...aws, datastoreId, ended }, folder);
  } finally {
    await aws.part.kill();
    await rm(folder, { recursive: true });
  }
}

/** Kills a part whenever another share of the jobs has ended. */
async function killOnTheWay(aws: Aws, kills: number, victim: (kill: number) => Part): Promise<void> {
  for (let kill = 0; kill < kills; kill++) {
    const part = victim(kill);
    while (part.isRunning() && (await aws.ended()) < (JOBS * (kill + 1)) / (kills + 1)) await pause(200);
    await part.killAndStart();
  }
}

/** The part of the configured rate that was used, without the first and the last minute of AWS's time. */
function usedRate({ calls }: Books): number {
  const starts = calls.filter(({ operation, outcome }) => operation === START && outcome === 'ok');
  const times = starts.map(({ time }) => time);
  const [from, to] = [times[0] ?? 0, times.at(-1) ?? 0].map((time, end) => time + (1 - 2 * end) * EDGE);
  const between = times.filter((time) => time > from! && time < to!).length;
  return between / ((to! - from!) / 1_000) / STARTS_PER_SECOND;
}
const EDGE = 60_000 / SPEED;

/** Whether the report says of each folder what its only job in AWS has done. */
async function rightResults(aws: Aws, { jobs }: Books, report: string): Promise<number> {
  const text = await readFile(join(aws.data, 's3', report.slice('s3://'.length)), 'utf8');
  const lines = text
    .trim()
    .split('\n')
    .map((line): ReportedJob => JSON.parse(line));
  const reported = new Map(lines.map((line) => [line.prefix, line]));
  return folders.filter((folder, index) => {
    const [job, ...more] = jobs.get(folder) ?? [];
    const line = reported.get(folder);
    const expected = isBad(index) ? { outcome: 'none', imported: 0 } : { outcome: 'complete', imported: 1 };
    return (
      more.length === 0 &&
      job?.imported === expected.imported &&
      line?.jobId === job.jobId &&
      line.outcome === expected.outcome &&
      line.counts?.imported === expected.imported
    );
  }).length;
}

/** @returns calls for each job besides its start */
async function fleet(aws: Aws, folder: string, kills: number): Promise<number> {
  const stage = await startStage(folder, aws.endpoint);
  const began = performance.now();
  await stage.flows.start(
    'importAllDicom',
    {
      datastoreId: aws.datastoreId,
      dataAccessRoleArn: ROLE,
      inputS3Uri: INPUT,
      outputS3Uri: OUTPUT,
      filesPerJob: 1,
      startsPerSecond: STARTS_PER_SECOND,
      lookInterval: Math.round(10_000 / SPEED),
    },
    { workflowId: 'fleet' },
  );
  const victims = [stage.worker, stage.temporal, aws.part];
  const killing = killOnTheWay(aws, kills, (kill) => victims[kill % victims.length]!);
  const memory = kills === 0 ? await memoryOnTheWay(aws, stage) : undefined;
  await killing;
  const result = await resultOf(stage);
  const seconds = (performance.now() - began) / 1_000;
  const books = await booksOf(aws.endpoint, aws.data, aws.datastoreId);
  const cost = costOf(books, JOBS);
  const faults = faultsIn(books, folders);
  const sizes = await sizesOf(stage, 'fleet');
  const most = (of: keyof (typeof sizes)[number]) => Math.max(...sizes.map((size) => size[of]));
  console.log(`\nA fleet of ${JOBS} folders, at ${SPEED} times the default rate, with ${kills} kills`);
  say('right results', `${await rightResults(aws, books, result.report?.uri ?? '')} of ${JOBS}`);
  say('folders without a job, and jobs too many', `${faults.lost}, ${faults.doubled}`);
  say('time', `${Math.round(seconds)} s`);
  if (kills === 0) say('part of the configured rate that was used', percent(usedRate(books)));
  say('throttled calls', percent(cost.throttled));
  say('calls for each job besides its start', cost.besidesStarts.toFixed(2));
  say('runs (continued as new)', sizes.length);
  say('longest history', `${most('events')} events, ${most('bytes')} bytes`);
  say('largest payload', `${most('payload')} bytes`);
  if (memory) say('memory of the worker without garbage, after 10 % and 90 %', memory);
  await stage.stop();
  return cost.besidesStarts;
}

/** A call may reach the Temporal server before it is up again. */
async function resultOf({ flows }: WorkerStage): Promise<FleetResult> {
  for (;;) {
    try {
      return await flows.result<'importAllDicom'>('fleet');
    } catch (error) {
      if (!isGrpcServiceError(error)) throw error;
      await pause(500);
    }
  }
}

async function memoryOnTheWay(aws: Aws, stage: WorkerStage): Promise<string> {
  const after = async (share: number) => {
    while ((await aws.ended()) < JOBS * share) await pause(500);
    const readings = [await stage.memory(), await stage.memory(), await stage.memory()];
    const [, { resident, heap }] = readings.toSorted((a, b) => a.resident - b.resident) as [Memory, Memory];
    return `${Math.round(resident)} MB (heap ${Math.round(heap)})`;
  };
  return `${await after(0.1)}, ${await after(0.9)}`;
}

/** @returns calls for each job besides its start */
async function script(aws: Aws, folder: string, kills: number): Promise<number> {
  const file = join(import.meta.dirname, 'support/import-script.js');
  const args = [aws.endpoint, aws.datastoreId, String(JOBS), String(SPEED), join(folder, 'done.txt')];
  const log = { name: 'script', logFile: join(folder, 'script.log') };
  const part = await Part.started(async () => startChild(process.execPath, [file, ...args], log));
  await killOnTheWay(aws, kills, () => part);
  await part.exited();
  const books = await booksOf(aws.endpoint, aws.data, aws.datastoreId);
  const cost = costOf(books, JOBS);
  const faults = faultsIn(books, folders);
  console.log(
    `\nThe same ${JOBS} folders by a script with p-limit and the AWS SDK, with ${kills} kill of the script`,
  );
  say('folders without a job, and jobs too many', `${faults.lost}, ${faults.doubled}`);
  say('throttled calls', percent(cost.throttled));
  say('calls for each job besides its start', cost.besidesStarts.toFixed(2));
  return cost.besidesStarts;
}

let [ofFleet, ofScript] = [0, 0];
await withAws(async (aws, folder) => void (ofFleet = await fleet(aws, folder, 0)));
if (KILLS > 0) await withAws(async (aws, folder) => void (await fleet(aws, folder, KILLS)));
await withAws(async (aws, folder) => void (ofScript = await script(aws, folder, 1)));
console.log();
say('calls besides starts: of the fleet / of the script', (ofFleet / ofScript).toFixed(2));
