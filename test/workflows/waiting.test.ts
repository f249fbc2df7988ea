import { MOST_READS, nextSleep, type WaitKind } from '../../src/pacing/pacing.ts';
import { pacingOf, type Polling } from '../../src/pacing/polling.ts';
import { DEFAULT_RULES } from '../../src/pacing/rules.ts';
import type { Flow } from '../../src/workflows/run/flow.ts';
import { GOING, SETTLED } from '../../src/workflows/run/verdict.ts';
import { waitFor } from '../../src/workflows/run/waiting.ts';

beforeEach(() => jest.useFakeTimers({ now: 0 }));
afterEach(() => jest.useRealTimers());

/** A run with a simulated clock, whose sleeps return at once. An event interrupts every sleep. */
function run() {
  const pauses: number[] = [];
  const flow = {
    readsInWaits: 0,
    facts: { staleReads: 0, readBudget: 0, rules: DEFAULT_RULES },
    pacing: (kind: WaitKind, polling: Polling) => pacingOf(kind, polling),
    nextSleep: (kind: WaitKind, polling: Polling, waited: number) =>
      nextSleep(waited, pacingOf(kind, polling)),
    showEnd: () => {},
    board: { show: () => {} },
    warn: () => {},
    // Like `Flow.pause` after an event, which ends the sleep after the minimum.
    pause: (_step: string, milliseconds: number, minimum: number) => {
      const slept = Math.min(milliseconds, minimum);
      pauses.push(slept);
      jest.setSystemTime(Date.now() + slept);
      return Promise.resolve();
    },
  };
  // A real `Flow` exists only inside a workflow.
  return { flow: flow as unknown as Flow, pauses };
}

function wait(flow: Flow, polling: Polling, settledAt = Infinity) {
  let reads = 0;
  const until = Date.now() + settledAt;
  const waiting = waitFor(flow, {
    step: 'poll',
    kind: 'imageSet',
    polling,
    read: () => Promise.resolve((reads += 1)),
    classify: () => (Date.now() >= until ? SETTLED : GOING),
    status: () => 'LOCKED',
  });
  return waiting.then(
    () => ({ ended: 'settled', reads }),
    ({ type }: { type: string }) => ({ ended: type, reads }),
  );
}

const SECOND = 1_000;
const everySecond = { minimumInterval: SECOND, maximumInterval: SECOND, timeout: '40 minutes' } as const;

test('repeated waits together make no more reads than a flow is allowed', async () => {
  const { flow } = run();
  const ends = [];
  for (let repeated = 0; repeated < 10; repeated++) ends.push(await wait(flow, everySecond));
  expect(ends.map(({ ended }) => ended)).toEqual(ends.map(() => 'WaitTimedOut'));
  // After 3,000 reads, each further wait reads at its beginning and at its deadline.
  expect(flow.readsInWaits).toBeGreaterThanOrEqual(MOST_READS);
  expect(flow.readsInWaits).toBeLessThanOrEqual(MOST_READS + 2 * ends.length);
});

test('a wait beyond the allowed reads still sees an end before its deadline', async () => {
  const { flow, pauses } = run();
  flow.readsInWaits = MOST_READS;
  expect(await wait(flow, everySecond, 60 * SECOND)).toEqual({ ended: 'settled', reads: 2 });
  expect(pauses).toEqual([40 * 60 * SECOND]);
});
