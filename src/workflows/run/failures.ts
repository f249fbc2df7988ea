import { ActivityFailure, ApplicationFailure, TimeoutFailure, isCancellation } from '@temporalio/workflow';
import type { AwsFailureDetails } from '../../activities/aws-errors.ts';
import { isRecord, recordOf } from '../../lib/guards.ts';

/** This package's own types of failures. Other failures have the name of the AWS exception or network error. */
export type FailureType =
  | 'ValidationFailed'
  | 'DatastoreCreateFailed'
  | 'DatastoreNotUsable'
  | 'ImageSetNotUsable'
  | 'ImportJobFailed'
  | 'ExportJobFailed'
  | 'NothingImported'
  | 'CannotPlan'
  | 'FilesFailed'
  | 'CopyFailed'
  | 'UpdateFailed'
  | 'DeleteFailed'
  | 'OutcomeUnknown'
  | 'ConfirmationMissing'
  | 'WaitTimedOut'
  | 'ResultTooLarge'
  | 'HistoryFull';

/** Something that the run has created in AWS, and the command that removes it. */
export interface Left {
  what: string;
  remove: string;
}

/** The first of the `details` of every failure of a flow. `result` may hold patient data, which a payload codec encrypts. */
export interface FailureDetails {
  step: string;
  ids: Record<string, string>;
  status: string;
  counts?: object;
  result?: object;
  left?: Left[];
  /**
   * The message of AWS about a rejected request, or about a failed job, image set or data store. It may contain patient data,
   * so it is not in the failure's message, which logs and lists show.
   */
  awsMessage?: string;
  /** Folders or files in S3 that the failure is about. They may contain patient data. */
  named?: string[];
  /** The names of the members that are left out because the failure would be too large for Temporal. */
  leftOut?: string[];
}

/** @param why - the message, without patient data, because logs and lists show it */
export function flowFailure(
  type: FailureType,
  why: string,
  more: Pick<FailureDetails, 'counts' | 'result' | 'awsMessage' | 'named'> = {},
  cause?: unknown,
): ApplicationFailure {
  return ApplicationFailure.create({ type, message: why, details: [more], ...causedBy(cause) });
}

/**
 * Makes the failure of a run from a failure of `flowFailure` or of an activity. The failure of an activity gives the run its
 * type and stays its cause.
 *
 * @param where - the step at which the run has ended, its ids, and what it leaves in AWS
 * @returns what the workflow throws; cancellations and bugs are returned unchanged
 */
export function failureOfRun(error: unknown, where: FailureDetails): unknown {
  if (isCancellation(error)) return error;
  const origin = originOf(error);
  if (origin === undefined) return error;
  const [more] = origin.details ?? [];
  const details = isRecord(more) ? more : {};
  const own = origin === error || origin.type === 'ValidationFailed';
  const { awsMessage } = details;
  const step = `${where.step}: `;
  return ApplicationFailure.create({
    type: origin.type ?? 'UnknownError',
    // The message of an AWS call begins with the operation, which often has the same name as the step.
    message: origin.message.startsWith(step) ? origin.message : step + origin.message,
    // A retry cannot mend an invalid input. All other failures are left to the workflow's own retry policy.
    nonRetryable: origin.type === 'ValidationFailed',
    details: [{ ...where, ...(own ? details : typeof awsMessage === 'string' && { awsMessage }) }],
    ...causedBy(origin === error ? origin.cause : error),
  });
}

const causedBy = (cause: unknown) => (cause instanceof Error ? { cause } : {});

/** The ApplicationFailure of the last attempt that failed without a timeout, inside Temporal's own failures. */
function answerIn(error: unknown): ApplicationFailure | undefined {
  if (error instanceof ApplicationFailure) return error;
  if (error instanceof ActivityFailure || error instanceof TimeoutFailure) return answerIn(error.cause);
  return undefined;
}

function timeoutOf(error: unknown): TimeoutFailure['timeoutType'] | undefined {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  return cause instanceof TimeoutFailure ? cause.timeoutType : undefined;
}

/** Whether no worker has picked up an activity in time, or none has picked up its retry. */
export function isUnattended(error: unknown): boolean {
  const timeout = timeoutOf(error);
  return timeout === 'SCHEDULE_TO_START' || timeout === 'SCHEDULE_TO_CLOSE';
}

/** Whether an attempt began and its reply was lost: AWS did not answer in time, or the worker was killed. */
export function isUnanswered(error: unknown): boolean {
  return timeoutOf(error) === 'START_TO_CLOSE';
}

/** The failure inside Temporal's own failures; `undefined` for a cancellation or a bug, which are no failure of a call. */
export function originOf(error: unknown): ApplicationFailure | undefined {
  const answer = answerIn(error);
  if (answer || timeoutOf(error) === undefined) return answer;
  return ApplicationFailure.create({
    type: 'WaitTimedOut',
    message: isUnattended(error)
      ? 'no worker has answered within the time allowed'
      : 'AWS has not answered within the time allowed, or the worker was stopped while it waited for the reply',
  });
}

/**
 * Whether AWS may have applied a call that failed. After a timeout it may have, unless no worker has picked up the activity:
 * then nothing was sent.
 */
export function awsDetailsOf(error: unknown): Pick<AwsFailureDetails, 'effect' | 'retry' | 'retryAfter'> {
  const timeout = timeoutOf(error);
  if (timeout !== undefined) {
    return { effect: timeout === 'SCHEDULE_TO_START' ? 'refused' : 'unknown', retry: 'untilDeadline' };
  }
  const [details] = answerIn(error)?.details ?? [];
  const { effect, retry, retryAfter } = recordOf(details);
  return {
    effect: isEffect(effect) ? effect : 'unknown',
    retry: isRetry(retry) ? retry : 'untilDeadline',
    ...(typeof retryAfter === 'number' && { retryAfter }),
  };
}

export function outcomeUnknown(
  step: string,
  why = 'what AWS shows does not prove whether the change was made',
  cause?: unknown,
): ApplicationFailure {
  return flowFailure('OutcomeUnknown', `${step}: no reply, and ${why}`, {}, cause);
}

/** Turns the failure of a read that was to find out whether a change was made into `OutcomeUnknown`. */
export async function orUnknown<Result>(step: string, read: () => Promise<Result>): Promise<Result> {
  try {
    return await read();
  } catch (error) {
    throw originOf(error) ? outcomeUnknown(step, undefined, error) : error;
  }
}

function isEffect(value: unknown): value is AwsFailureDetails['effect'] {
  return value === 'refused' || value === 'conflict' || value === 'rejected' || value === 'unknown';
}

function isRetry(value: unknown): value is AwsFailureDetails['retry'] {
  return value === 'untilDeadline' || value === 'tenMinutes' || value === 'never';
}
