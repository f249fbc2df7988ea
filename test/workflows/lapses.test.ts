import { MENDED_WITHIN } from '../../src/pacing/pacing.ts';
import { ApplicationFailure } from '@temporalio/common';
import { Lapses } from '../../src/workflows/run/lapses.ts';

const MINUTE = 60_000;
const refusal = (type: string) => ApplicationFailure.create({ type, message: 'as said' });
const lapses = (ours: boolean) =>
  new Lapses({ ours, began: 0, mendedWithin: MENDED_WITHIN, staleReads: 30_000 });

test('access that was there is waited for ten minutes, counted from when it went', () => {
  for (const type of ['AccessDeniedException', 'AccessDenied']) {
    const wait = lapses(false);
    expect(() => wait.excuse(refusal(type), 0)).toThrow('as said');
    wait.end();
    expect(wait.excuse(refusal(type), 60 * MINUTE)).toBe(0);
    expect(wait.excuse(refusal(type), 69 * MINUTE)).toBe(9 * MINUTE);
    wait.end();
    expect(wait.excuse(refusal(type), 75 * MINUTE)).toBe(0);
    expect(() => wait.excuse(refusal(type), 85 * MINUTE)).toThrow('as said');
  }
});

test('what this run has made may be not found as long as reads may be stale, counted from its making', () => {
  const notFound = refusal('ResourceNotFoundException');
  expect(lapses(true).excuse(notFound, 29_999)).toBe(29_999);
  expect(() => lapses(true).excuse(notFound, 30_000)).toThrow('as said');
  expect(() => lapses(false).excuse(notFound, 0)).toThrow('as said');
});

test('nothing else is excused', () => {
  for (const type of ['ValidationException', 'ConflictException', 'UnknownError'])
    expect(() => lapses(true).excuse(refusal(type), 0)).toThrow('as said');
  const bug = new TypeError('a bug');
  expect(() => lapses(true).excuse(bug, 0)).toThrow(bug);
});
