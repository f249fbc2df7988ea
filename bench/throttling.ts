/**
 * The time that many throttled runs take together, compared with the shortest time in which AWS could accept them all.
 *
 * This is a simulation: the account accepts 0.25 changes of image sets per second (HealthImaging "Throttling limits"), all runs
 * start within five seconds, and each retries as the activities do. The numbers are the same on every machine.
 */
import { REQUEST_RATES, retryDelay } from '../src/activities/retry-delay.ts';
import { PriorityQueue } from '../src/lib/priority-queue.ts';
import { DEFAULT_RULES } from '../src/pacing/rules.ts';

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
function simulate(
  changes: number,
  random: () => number,
): { seconds: number; failed: number; requests: number } {
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

const median = (values: readonly number[]) =>
  values.toSorted((one, other) => one - other)[values.length >> 1] ?? NaN;

console.log('changes at once   failed   median time   ideal time   ratio   requests a change');
for (const changes of [100, 200, 800, 5_000]) {
  const runs = Array.from({ length: SEEDS }, (_, seed) => simulate(changes, seeded(seed + 1)));
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
