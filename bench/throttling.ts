/**
 * How long many runs take together that AWS throttles, beside the shortest time in which AWS could accept them all.
 *
 * Simulated, not timed: one account accepts 0.25 changes of image sets a second (HealthImaging "Throttling limits"), all
 * runs start within five seconds, and each retries as the activities do. The numbers are the same on every machine.
 */
import { REQUEST_RATES, retryDelay } from '../src/activities/retry-delay.ts';
import { DEFAULT_RULES } from '../src/pacing/rules.ts';

const OPERATION = 'updateImageSetMetadata';
const RATE = (REQUEST_RATES[OPERATION] ?? 1) / 1_000;
const SEEDS = 30;

/** A generator of numbers from 0 to 1 that gives the same ones for the same seed (mulberry32). */
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

/** The attempts that are still to come, the next one first: a binary heap. */
class Agenda {
  readonly #heap: Attempt[] = [];

  push(attempt: Attempt): void {
    const heap = this.#heap;
    let at = heap.push(attempt) - 1;
    for (let parent; at > 0; at = parent) {
      parent = (at - 1) >> 1;
      const above = heap[parent];
      if (!above || above.at <= attempt.at) break;
      heap[at] = above;
      heap[parent] = attempt;
    }
  }

  pop(): Attempt | undefined {
    const heap = this.#heap;
    const [first] = heap;
    const last = heap.pop();
    if (!first || !last || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      const lesser = (heap[right]?.at ?? Infinity) < (heap[left]?.at ?? Infinity) ? right : left;
      const child = heap[lesser];
      if (!child || child.at >= last.at) break;
      heap[at] = child;
      at = lesser;
    }
    heap[at] = last;
    return first;
  }
}

/** Runs so many changes to their end. */
function simulate(
  changes: number,
  random: () => number,
): { seconds: number; failed: number; requests: number } {
  const agenda = new Agenda();
  for (let index = 0; index < changes; index++) {
    const began = random() * 5_000;
    agenda.push({ at: began, began, number: 1 });
  }
  // The token bucket of the account: one token, filled again at the rate of the operation.
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
