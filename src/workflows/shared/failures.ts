import { ActivityFailure, ApplicationFailure, TimeoutFailure, isCancellation } from '@temporalio/workflow';
import type { AwsFailureDetails } from '../../activities/aws-errors.ts';
import { isRecord } from '../../guards.ts';

/** The failures of our own. All others bear the name of the AWS exception (or network error) that ended the run. */
export type FailureType =
  | 'ValidationFailed'
  | 'DatastoreCreateFailed'
  | 'DatastoreNotUsable'
  | 'ImportJobFailed'
  | 'ExportJobFailed'
  | 'NothingImported'
  | 'FilesFailed'
  | 'CopyFailed'
  | 'UpdateFailed'
  | 'DeleteFailed'
  | 'OutcomeUnknown'
  | 'ConfirmationMissing'
  | 'WaitTimedOut';

/** Something that the run has made in AWS, and the command that removes it. */
export interface Left {
  what: string;
  remove: string;
}

/** First of `details` of every failure of a flow. May hold patient data (`result`): a payload codec encrypts it. */
export interface FailureDetails {
  step: string;
  ids: Record<string, string>;
  status: string;
  counts?: object;
  result?: object;
  left?: Left[];
}

/**
 * A failure of our own.
 *
 * @param why - no patient data: this is what logs and lists show
 */
export function flowFailure(
  type: FailureType,
  why: string,
  more: Pick<FailureDetails, 'counts' | 'result'> = {},
): ApplicationFailure {
  return ApplicationFailure.create({ type, message: why, details: [more] });
}

/**
 * The one place where the failure of a run is made: of our own failures, and of those of activities, whose cause is
 * kept and whose name becomes the run's.
 *
 * @param where - the step at which the run has ended, what it knows, and what it leaves in AWS
 * @returns what the workflow is to throw; cancellations and bugs come back as they are
 */
export function failureOfRun(error: unknown, where: FailureDetails): unknown {
  if (isCancellation(error)) return error;
  const origin = originOf(error);
  if (origin === undefined) return error;
  const [more] = origin.details ?? [];
  const own = origin === error || origin.type === 'ValidationFailed';
  return ApplicationFailure.create({
    type: origin.type ?? 'UnknownError',
    message: `${where.step}: ${origin.message}`,
    // A bad input stays bad. All else may end well at the next try, which is up to the run's own retry policy.
    nonRetryable: origin.type === 'ValidationFailed',
    details: [{ ...where, ...(own && isRecord(more) ? more : {}) }],
    ...(error instanceof Error && origin !== error && { cause: error }),
  });
}

/** The failure that tells what happened: that of the last attempt, under the wrappings of Temporal. */
export function originOf(error: unknown): ApplicationFailure | undefined {
  if (error instanceof ApplicationFailure) return error;
  if (error instanceof ActivityFailure) return originOf(error.cause);
  if (error instanceof TimeoutFailure) {
    return (
      originOf(error.cause) ??
      ApplicationFailure.create({
        type: 'WaitTimedOut',
        message: 'no worker has answered within the time allowed',
      })
    );
  }
  return undefined;
}

/** What an AWS call that failed says about the change it asked for; `unknown` when no attempt came back at all. */
export function effectOf(error: unknown): AwsFailureDetails['effect'] | undefined {
  if (!(error instanceof ActivityFailure)) return undefined;
  const [details] = originOf(error)?.details ?? [];
  return isRecord(details) && isEffect(details['effect']) ? details['effect'] : 'unknown';
}

function isEffect(value: unknown): value is AwsFailureDetails['effect'] {
  return value === 'refused' || value === 'conflict' || value === 'rejected' || value === 'unknown';
}
