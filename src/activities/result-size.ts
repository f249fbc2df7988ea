import { ApplicationFailure } from '@temporalio/activity';
import { MOST_BYTES, bytesOf } from '../lib/size.ts';
import type { AwsFailureDetails } from './aws-errors.ts';

/**
 * The failure of an activity whose result is too large for Temporal. It is not retried, because the result would be the same.
 *
 * @param why - what is too large; no patient data
 */
export function resultTooLarge(operation: string, why: string): ApplicationFailure {
  // AWS has made a change whose reply is too large.
  const details: AwsFailureDetails = { operation, effect: 'unknown', retry: 'never' };
  return ApplicationFailure.create({
    type: 'ResultTooLarge',
    message: `${operation}: ${why}`,
    nonRetryable: true,
    details: [details],
  });
}

/**
 * Makes activities fail with a clear message if their result is so large that the server would refuse it.
 *
 * @throws ApplicationFailure `ResultTooLarge`
 */
export function withBoundedResults<Activities extends Record<string, (...args: never[]) => Promise<unknown>>>(
  activities: Activities,
): Activities {
  const bounded = Object.entries(activities).map(([name, activity]) => [
    name,
    async (...args: never[]) => {
      const result = await activity(...args);
      const bytes = bytesOf(result);
      if (bytes <= MOST_BYTES) return result;
      throw resultTooLarge(name, `the result has ${bytes} bytes, and Temporal accepts at most ${MOST_BYTES}`);
    },
  ]);
  return Object.fromEntries(bounded);
}
