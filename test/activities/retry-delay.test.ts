/** How retries are spaced after AWS has refused a request for now. */
import fc from 'fast-check';
import { REQUEST_RATES, retryDelay } from '../../src/activities/retry-delay.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const operation = fc.constantFrom(...Object.keys(REQUEST_RATES));
const attempt = fc.record({
  number: fc.integer({ min: 1, max: 10_000 }),
  age: fc.integer({ min: 0, max: 48 * HOUR }),
});
/** `Math.random` gives no 1. */
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test('a delay is whole, never 0, and never longer than a minute or the twentieth part of the time that has passed', () => {
  fc.assert(
    fc.property(operation, attempt, random, (name, failed, drawn) => {
      const delay = retryDelay(name, failed, () => drawn);
      expect(Number.isInteger(delay)).toBe(true);
      expect(delay).toBeGreaterThanOrEqual(1);
      expect(delay).toBeLessThanOrEqual(Math.max(MINUTE, failed.age / 20));
    }),
  );
});

test('the first interval is the time in which AWS accepts one request, and it doubles', () => {
  const longest = (number: number) => retryDelay('copyImageSet', { number, age: 0 }, () => 1);
  expect([1, 2, 3, 4, 5, 6].map(longest)).toEqual([4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
});

test('full jitter: two runs that were throttled together do not come back together', () => {
  const delay = (drawn: number) => retryDelay('copyImageSet', { number: 4, age: 0 }, () => drawn);
  expect([0, 0.25, 0.5, 0.75].map(delay)).toEqual([1, 8_000, 16_000, 24_000]);
});

test('after hours of throttling a run asks every few minutes', () => {
  expect(retryDelay('copyImageSet', { number: 99, age: 5 * HOUR }, () => 1)).toBe(15 * MINUTE);
});

test('an account with a higher quota retries sooner; an operation that is not listed goes by *', () => {
  const first = { number: 1, age: 0 };
  expect(retryDelay('copyImageSet', { ...first, rates: { copyImageSet: 2 } }, () => 1)).toBe(500);
  expect(retryDelay('somethingNew', { ...first, rates: { '*': 20 } }, () => 1)).toBe(50);
});
