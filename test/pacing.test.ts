import fc from 'fast-check';
import {
  DEFAULT_PACING,
  MOST_READS,
  nextSleep,
  nextTry,
  readsAtMost,
  type Pacing,
} from '../src/pacing/pacing.ts';
import { isDuration, pacingOf, pacingProblems } from '../src/pacing/polling.ts';
import { DEFAULT_RULES } from '../src/pacing/rules.ts';

const HOUR = 3_600_000;

const pacings: fc.Arbitrary<Pacing> = fc
  .record({
    minimumInterval: fc.integer({ min: 1, max: 60_000 }),
    longer: fc.integer({ min: 0, max: 600_000 }),
    share: fc.oneof(fc.constant(0), fc.double({ min: 0.001, max: 1, noNaN: true })),
    timeout: fc.integer({ min: 1, max: 24 * HOUR }),
  })
  .map(({ longer, ...pacing }) => ({ ...pacing, maximumInterval: pacing.minimumInterval + longer }))
  // Bounded, because a property test need not simulate millions of reads.
  .filter((pacing) => readsAtMost(pacing) < 20_000);

/** The times of all reads of a wait whose end never comes, since its begin, up to the first read past the deadline. */
function readTimes(pacing: Pacing): number[] {
  const times = [0];
  for (let waited = 0; waited < pacing.timeout;) times.push((waited += nextSleep(waited, pacing)));
  return times;
}

describe('pacing', () => {
  test('the delay until an end is read is at most the share of the duration, the minimum or the maximum interval', () => {
    fc.assert(
      fc.property(pacings, fc.double({ min: 0, max: 1, noNaN: true }), (pacing, when) => {
        const end = when * pacing.timeout;
        const seen = readTimes(pacing).find((time) => time >= end) ?? Infinity;
        const { minimumInterval, maximumInterval, share } = pacing;
        const lag = Math.max(minimumInterval, Math.min(share * end, maximumInterval));
        expect(seen - end).toBeLessThanOrEqual(lag + 1);
      }),
    );
  });

  test('a wait never makes more reads than the closed formula says', () => {
    fc.assert(
      fc.property(pacings, (pacing) => {
        expect(readTimes(pacing).length).toBeLessThanOrEqual(readsAtMost(pacing));
      }),
    );
  });

  test('sleeps stay between minimum and maximum interval, and never get shorter', () => {
    fc.assert(
      fc.property(pacings, fc.nat(HOUR), fc.nat(HOUR), (pacing, a, b) => {
        const [early, late] = [nextSleep(Math.min(a, b), pacing), nextSleep(Math.max(a, b), pacing)];
        expect(early).toBeGreaterThanOrEqual(pacing.minimumInterval);
        expect(late).toBeLessThanOrEqual(pacing.maximumInterval);
        expect(late).toBeGreaterThanOrEqual(early);
      }),
    );
  });

  test.each(Object.entries(DEFAULT_PACING))(
    'the default pacing of %s stays below the allowed number of reads',
    (_, pacing) => {
      expect(readsAtMost(pacing)).toBeLessThan(MOST_READS / 5);
    },
  );

  test('an import of two hours costs 67 reads, one of a day 331, or 49 with events', () => {
    const waiting = (timeout: number) => ({ ...DEFAULT_PACING.dicomJob, timeout });
    expect(readTimes(waiting(2 * HOUR)).length).toBeLessThanOrEqual(68);
    expect(readTimes(waiting(24 * HOUR)).length).toBeLessThanOrEqual(332);
    expect(
      readTimes(pacingOf('dicomJob', { timeout: '24h' }, { hadEvent: true })).length,
    ).toBeLessThanOrEqual(49);
  });
});

test('a change is attempted some 400 times at most, however long the time-out is', () => {
  for (const days of [1, 7, 30, 365]) {
    const timeout = days * 24 * HOUR;
    let [attempts, tried] = [0, 0];
    while (tried < timeout) tried += nextTry(++attempts, tried, timeout, DEFAULT_RULES.retries);
    expect(attempts).toBeLessThan(400);
  }
});

describe('the polling of an input', () => {
  test('overrides the members that it sets', () => {
    expect(pacingOf('dicomJob', { minimumInterval: '1s', timeout: '2 days' })).toEqual({
      minimumInterval: 1_000,
      maximumInterval: 300_000,
      share: 0.1,
      timeout: 48 * HOUR,
    });
  });

  test('takes precedence over the pacing with events', () => {
    const polling = { maximumInterval: '1m', share: 0.5 } as const;
    expect(pacingOf('dicomJob', polling, { hadEvent: true })).toMatchObject({
      maximumInterval: 60_000,
      share: 0.5,
    });
  });

  test('of a run that began before jobs had a pacing of their own stays as it was', () => {
    const { jobsWithEvents: _, ...rules } = DEFAULT_RULES;
    expect(pacingOf('dicomJob', {}, { hadEvent: true, rules })).toMatchObject({
      minimumInterval: 5_000,
      share: 1,
    });
  });

  test('without a time-out is checked against a week in the queue of HealthLake', () => {
    const polling = { minimumInterval: '30s', maximumInterval: '30s' } as const;
    expect(pacingProblems(polling, ['dicomJob'])).toEqual([]);
    expect(pacingProblems(polling, ['fhirJob'])).toHaveLength(1);
    // A week in the queue, and then a week of running.
    expect(pacingProblems({ ...polling, timeout: '12h' }, ['fhirJob'])).toEqual([]);
    expect(pacingProblems({ ...polling, timeout: '15h' }, ['fhirJob'])).toHaveLength(1);
    expect(pacingProblems({ ...polling, timeout: '10h' }, ['fhirDatastore', 'fhirJob'])).toHaveLength(1);
    expect(pacingProblems({}, ['fhirJob'])).toEqual([]);
  });

  test('is checked against all waits of a flow together, also if they are of one kind', () => {
    const polling = { minimumInterval: '1s', share: 0, timeout: '49 minutes' } as const;
    expect(pacingProblems(polling, ['imageSet'])).toEqual([]);
    expect(pacingProblems(polling, ['imageSet', 'imageSet'])).toEqual([
      expect.stringMatching(/would read up to 5\d\d\d times in 2 waits/),
    ]);
  });

  test('a minimum interval above the default maximum raises the maximum, and the other way round', () => {
    expect(pacingOf('dicomJob', { maximumInterval: 10 })).toMatchObject({
      minimumInterval: 10,
      maximumInterval: 10,
    });
    expect(pacingOf('dicomJob', { minimumInterval: '1h' })).toMatchObject({ maximumInterval: HOUR });
  });

  test.each(['', 'banana', '-5s', 0, -1, NaN, Infinity, null, {}, 'x'.repeat(200)])(
    '%j is not a duration',
    (value) => {
      expect(isDuration(value)).toBe(false);
    },
  );
});
