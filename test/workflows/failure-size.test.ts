import { ApplicationFailure } from '@temporalio/common';
import { MOST_BYTES, bytesOf } from '../../src/lib/size.ts';
import { boundedFailure } from '../../src/workflows/run/bounds.ts';

const details = { step: 'poll', ids: { jobId: 'j1' }, status: 'FAILED' };

test('a failure that Temporal takes stays as it is', () => {
  const failure = ApplicationFailure.create({ type: 'CopyFailed', message: 'm', details: [details] });
  expect(boundedFailure(failure)).toBe(failure);
  const bug = new TypeError('x');
  expect(boundedFailure(bug)).toBe(bug);
});

test('of a failure that is too large the members that make it so are left out by name', () => {
  const cause = ApplicationFailure.create({ message: 'why', details: ['語'.repeat(MOST_BYTES / 2)] });
  const failure = ApplicationFailure.create({
    type: 'FilesFailed',
    message: '3 of 4 were not imported',
    nonRetryable: true,
    details: [{ ...details, counts: { scanned: 4 }, result: { text: '語'.repeat(MOST_BYTES / 3) } }],
    cause,
  });
  const small = boundedFailure(failure);
  if (!(small instanceof ApplicationFailure)) throw new Error('it is no failure of a run');
  expect(small.type).toBe('FilesFailed');
  expect(small.message).toBe('3 of 4 were not imported');
  expect(small.nonRetryable).toBe(true);
  expect(small.details).toEqual([{ ...details, counts: { scanned: 4 }, leftOut: ['result'] }]);
  expect(small.cause?.message).toBe('why');
  expect(bytesOf([small.details, small.cause])).toBeLessThan(10_000);
});
