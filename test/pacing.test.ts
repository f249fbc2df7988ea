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
  // A property test need not walk through millions of reads.
  .filter((pacing) => readsAtMost(pacing) < 20_000);

/** All reads of a wait that never ends well: the times since its begin, up to the first one past the deadline. */
function readTimes(pacing: Pacing): number[] {
  const times = [0];
  for (let waited = 0; waited < pacing.timeout;) times.push((waited += nextSleep(waited, pacing)));
  return times;
}

describe('the pacing law', () => {
  test('an end is seen at most its share, the minimum or the cap late', () => {
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

  test('a wait never reads more often than the closed form says', () => {
    fc.assert(
      fc.property(pacings, (pacing) => {
        expect(readTimes(pacing).length).toBeLessThanOrEqual(readsAtMost(pacing));
      }),
    );
  });

  test('sleeps stay between minimum and maximum, and never shrink', () => {
    fc.assert(
      fc.property(pacings, fc.nat(HOUR), fc.nat(HOUR), (pacing, a, b) => {
        const [early, late] = [nextSleep(Math.min(a, b), pacing), nextSleep(Math.max(a, b), pacing)];
        expect(early).toBeGreaterThanOrEqual(pacing.minimumInterval);
        expect(late).toBeLessThanOrEqual(pacing.maximumInterval);
        expect(late).toBeGreaterThanOrEqual(early);
      }),
    );
  });

  test.each(Object.entries(DEFAULT_PACING))('the default of %s reads seldom enough', (_, pacing) => {
    expect(readsAtMost(pacing)).toBeLessThan(MOST_READS / 5);
  });

  test('two hours of import cost 67 reads, a day 331 and, with events, 58', () => {
    const waiting = (timeout: number) => ({ ...DEFAULT_PACING.dicomJob, timeout });
    expect(readTimes(waiting(2 * HOUR)).length).toBeLessThanOrEqual(68);
    expect(readTimes(waiting(24 * HOUR)).length).toBeLessThanOrEqual(332);
    expect(
      readTimes(pacingOf('dicomJob', { timeout: '24h' }, { hadEvent: true })).length,
    ).toBeLessThanOrEqual(59);
  });
});

test('a change is tried some 400 times at the most, however long there is', () => {
  for (const days of [1, 7, 30, 365]) {
    const timeout = days * 24 * HOUR;
    let [attempts, tried] = [0, 0];
    while (tried < timeout) tried += nextTry(++attempts, tried, timeout, DEFAULT_RULES.retries);
    expect(attempts).toBeLessThan(400);
  }
});

describe('the polling of an input', () => {
  test('changes what it names', () => {
    expect(pacingOf('dicomJob', { minimumInterval: '1s', timeout: '2 days' })).toEqual({
      minimumInterval: 1_000,
      maximumInterval: 300_000,
      share: 0.1,
      timeout: 48 * HOUR,
    });
  });

  test('is not overridden by events', () => {
    const polling = { maximumInterval: '1m', share: 0.5 } as const;
    expect(pacingOf('dicomJob', polling, { hadEvent: true })).toMatchObject({
      maximumInterval: 60_000,
      share: 0.5,
    });
  });

  test('is held against a week in the queue of HealthLake, where it does not say how long to wait', () => {
    const polling = { minimumInterval: '30s', maximumInterval: '30s' } as const;
    expect(pacingProblems(polling, ['dicomJob'])).toEqual([]);
    expect(pacingProblems(polling, ['fhirJob'])).toHaveLength(1);
    // As long as that in the queue, and then as long again.
    expect(pacingProblems({ ...polling, timeout: '12h' }, ['fhirJob'])).toEqual([]);
    expect(pacingProblems({ ...polling, timeout: '15h' }, ['fhirJob'])).toHaveLength(1);
    expect(pacingProblems({ ...polling, timeout: '10h' }, ['fhirDatastore', 'fhirJob'])).toHaveLength(1);
    expect(pacingProblems({}, ['fhirJob'])).toEqual([]);
  });

  test('is held against all waits of a flow together, also where they are of one kind', () => {
    const polling = { minimumInterval: '1s', share: 0, timeout: '49 minutes' } as const;
    expect(pacingProblems(polling, ['imageSet'])).toEqual([]);
    expect(pacingProblems(polling, ['imageSet', 'imageSet'])).toEqual([
      expect.stringMatching(/would read up to 5\d\d\d times in 2 waits/),
    ]);
  });

  test('one interval alone pushes the other out of its way', () => {
    expect(pacingOf('dicomJob', { maximumInterval: 10 })).toMatchObject({
      minimumInterval: 10,
      maximumInterval: 10,
    });
    expect(pacingOf('dicomJob', { minimumInterval: '1h' })).toMatchObject({ maximumInterval: HOUR });
  });

  test.each(['', 'banana', '-5s', 0, -1, NaN, Infinity, null, {}, 'x'.repeat(200)])(
    '%j is no duration',
    (value) => {
      expect(isDuration(value)).toBe(false);
    },
  );
});
