/**
 * The time that many throttled runs take together, compared with the shortest time in which AWS could accept them all.
 *
 * The first table is a simulation: the account accepts 0.25 changes of image sets per second (HealthImaging "Throttling limits"), all runs
 * start within five seconds, and each retries as the activities do. The numbers are the same on every machine.
 *
 * The second table is measured with real calls: a local AWS with `limits=scaled:30` throttles the changes of as many image sets, and
 * everything takes a thirtieth of the time. Its times are shown in AWS's time.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import {
  type MedicalImaging,
  paginateSearchImageSets,
  ThrottlingException,
} from '@aws-sdk/client-medical-imaging';
import { startLocalAws } from '../local-aws/server.ts';
import { REQUEST_RATES, retryDelay } from '../src/activities/retry-delay.ts';
import { PriorityQueue } from '../src/lib/priority-queue.ts';
import { DEFAULT_RULES } from '../src/pacing/rules.ts';
import { image, imageSize, imagingClient, importAll } from './support/dicom.ts';
import { median } from './support/median.ts';

const OPERATION = 'updateImageSetMetadata';
const RATE = (REQUEST_RATES[OPERATION] ?? 1) / 1_000;
const SEEDS = 30;

/** A pseudo-random generator of numbers from 0 to 1 (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Attempt {
  at: number;
  began: number;
  number: number;
}

/** Simulates a number of changes until each has succeeded or failed. */
function simulate(changes: number, random: () => number): Outcome {
  const agenda = new PriorityQueue<Attempt>((one, other) => one.at - other.at);
  for (let index = 0; index < changes; index++) {
    const began = random() * 5_000;
    agenda.push({ at: began, began, number: 1 });
  }
  // The token bucket of the account: it holds one token, and refills at the rate of the operation.
  let [tokens, filledAt, ended, failed, requests] = [1, 0, 0, 0, 0];
  for (let attempt = agenda.pop(); attempt; attempt = agenda.pop()) {
    const { at, began, number } = attempt;
    requests += 1;
    tokens = Math.min(1, tokens + (at - filledAt) * RATE);
    filledAt = at;
    if (tokens >= 1) {
      tokens -= 1;
      ended = at;
      continue;
    }
    const next = at + retryDelay(OPERATION, { number, age: at - began }, random);
    if (next - began > DEFAULT_RULES.throttledFor) failed += 1;
    else agenda.push({ at: next, began, number: number + 1 });
  }
  return { seconds: ended / 1_000, failed, requests };
}

interface Outcome {
  readonly seconds: number;
  readonly failed: number;
  readonly requests: number;
}

const head = 'changes at once   failed   median time   ideal time   ratio   requests a change';

function printRow(changes: number, runs: readonly Outcome[]): void {
  const ideal = (changes - 1) / RATE / 1_000;
  const time = median(runs.map(({ seconds }) => seconds));
  const columns: [value: string, width: number][] = [
    [String(changes), 15],
    [String(runs.reduce((sum, { failed }) => sum + failed, 0)), 9],
    [`${Math.round(time)} s`, 14],
    [`${Math.round(ideal)} s`, 13],
    [(time / ideal).toFixed(2), 8],
    [(median(runs.map(({ requests }) => requests)) / changes).toFixed(1), 20],
  ];
  console.log(columns.map(([value, width]) => value.padStart(width)).join(''));
}

/** How many times as fast as AWS the local AWS is. */
const SPEED = 30;
const REAL_CHANGES = 100;

/** Makes one change of each of many image sets at once, with the local AWS, and retries as the activities do. */
async function changeAll(
  imaging: MedicalImaging,
  datastoreId: string,
  ids: readonly string[],
): Promise<Outcome> {
  const start = performance.now();
  const sinceStart = () => (performance.now() - start) * SPEED;
  let requests = 0;
  const change = async (imageSetId: string) => {
    await pause((Math.random() * 5_000) / SPEED);
    const began = sinceStart();
    for (let number = 1; ; number++) {
      requests += 1;
      try {
        await imaging.deleteImageSet({ datastoreId, imageSetId });
        return;
      } catch (error) {
        if (!(error instanceof ThrottlingException)) throw error;
      }
      await pause(retryDelay('deleteImageSet', { number, age: sinceStart() - began }) / SPEED);
    }
  };
  const ended = await Promise.allSettled(ids.map(change));
  const failed = ended.filter(({ status }) => status === 'rejected').length;
  return { seconds: sinceStart() / 1_000, failed, requests };
}

async function measured(): Promise<Outcome> {
  const data = mkdtempSync(join(tmpdir(), 'bench-throttling-'));
  mkdirSync(join(data, 's3/input'), { recursive: true });
  for (let index = 0; index < REAL_CHANGES; index++) {
    const pixels = ['7FE00010', 'OW', Buffer.alloc(32, index)] as const;
    const file = image(`1.2.9.${index}`, `1.2.9.${index}.1`, [...imageSize(4), pixels]);
    writeFileSync(join(data, 's3/input', `${index}.dcm`), file);
  }
  const datastoreId = await importAll(data);
  const aws = await startLocalAws({ data, settings: { limits: `scaled:${SPEED}` } });
  const imaging = imagingClient(aws.endpoint, { maxAttempts: 1 });
  const ids: string[] = [];
  for await (const { imageSetsMetadataSummaries = [] } of paginateSearchImageSets(
    { client: imaging },
    { datastoreId },
  )) {
    ids.push(...imageSetsMetadataSummaries.map(({ imageSetId = '' }) => imageSetId));
  }
  try {
    return await changeAll(imaging, datastoreId, ids);
  } finally {
    imaging.destroy();
    await aws.close();
    rmSync(data, { recursive: true });
  }
}

console.log(`simulated, the median of ${SEEDS}:\n${head}`);
for (const changes of [100, 200, 800, 5_000]) {
  printRow(
    changes,
    Array.from({ length: SEEDS }, (_, seed) => simulate(changes, seeded(seed + 1))),
  );
}
console.log(`with the local AWS:\n${head}`);
printRow(REAL_CHANGES, [await measured()]);
