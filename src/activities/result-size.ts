import { ApplicationFailure } from '@temporalio/activity';
import { MOST_BYTES, bytesOf } from '../lib/size.ts';
import type { AwsFailureDetails } from './aws-errors.ts';

/**
 * What an activity gave is more than Temporal takes. Trying again would give the same.
 *
 * @param why - what is too large, and what to do; no patient data
 */
export function resultTooLarge(operation: string, why: string): ApplicationFailure {
  // A change whose reply cannot be carried was made all the same.
  const details: AwsFailureDetails = { operation, effect: 'unknown', retry: 'never' };
  return ApplicationFailure.create({
    type: 'ResultTooLarge',
    message: `${operation}: ${why}`,
    nonRetryable: true,
    details: [details],
  });
}

/**
 * The same activities, which fail with a clear failure where the server would refuse the result for its size.
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
      throw resultTooLarge(
        name,
        `the reply takes ${bytes} bytes, and Temporal takes no more than ${MOST_BYTES}`,
      );
    },
  ]);
  return Object.fromEntries(bounded);
}
