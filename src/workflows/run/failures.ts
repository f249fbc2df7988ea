import { ActivityFailure, ApplicationFailure, TimeoutFailure, isCancellation } from '@temporalio/workflow';
import type { AwsFailureDetails } from '../../activities/aws-errors.ts';
import { isRecord, recordOf } from '../../lib/guards.ts';

/** The failures of our own. All others bear the name of the AWS exception (or network error) that ended the run. */
export type FailureType =
  | 'ValidationFailed'
  | 'DatastoreCreateFailed'
  | 'DatastoreNotUsable'
  | 'ImageSetNotUsable'
  | 'ImportJobFailed'
  | 'ExportJobFailed'
  | 'NothingImported'
  | 'FilesFailed'
  | 'CopyFailed'
  | 'UpdateFailed'
  | 'DeleteFailed'
  | 'OutcomeUnknown'
  | 'ConfirmationMissing'
  | 'WaitTimedOut'
  | 'ResultTooLarge'
  | 'HistoryFull';

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
  /**
   * What AWS said of a request that it rejected, or of a job, an image set or a data store that failed. It may repeat
   * patient data, and so is not in the failure's message, which logs and lists show.
   */
  awsMessage?: string;
  /** The names of what is not here because the failure would have been too large for Temporal. */
  leftOut?: string[];
}

/**
 * A failure of our own.
 *
 * @param why - no patient data: this is what logs and lists show
 */
export function flowFailure(
  type: FailureType,
  why: string,
  more: Pick<FailureDetails, 'counts' | 'result' | 'awsMessage'> = {},
  cause?: unknown,
): ApplicationFailure {
  return ApplicationFailure.create({
    type,
    message: why,
    details: [more],
    ...causedBy(cause),
  });
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
  const details = isRecord(more) ? more : {};
  const own = origin === error || origin.type === 'ValidationFailed';
  const { awsMessage } = details;
  const step = `${where.step}: `;
  return ApplicationFailure.create({
    type: origin.type ?? 'UnknownError',
    // An operation is often named like the step.
    message: origin.message.startsWith(step) ? origin.message : step + origin.message,
    // A bad input stays bad. All else may end well at the next try, which is up to the run's own retry policy.
    nonRetryable: origin.type === 'ValidationFailed',
    details: [{ ...where, ...(own ? details : typeof awsMessage === 'string' && { awsMessage }) }],
    ...causedBy(origin === error ? origin.cause : error),
  });
}

const causedBy = (cause: unknown) => (cause instanceof Error ? { cause } : {});

/** The failure that the last attempt to answer has answered with, under the wrappings of Temporal. */
function answerIn(error: unknown): ApplicationFailure | undefined {
  if (error instanceof ApplicationFailure) return error;
  if (error instanceof ActivityFailure || error instanceof TimeoutFailure) return answerIn(error.cause);
  return undefined;
}

/** The time-out that ended a call; none where the call ended otherwise. */
function timeoutOf(error: unknown): TimeoutFailure['timeoutType'] | undefined {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  return cause instanceof TimeoutFailure ? cause.timeoutType : undefined;
}

/** Whether no worker has taken up a call, or none has taken it up again, within the time for it. */
export function isUnattended(error: unknown): boolean {
  const timeout = timeoutOf(error);
  return timeout === 'SCHEDULE_TO_START' || timeout === 'SCHEDULE_TO_CLOSE';
}

/** Whether an attempt began and no reply came: AWS did not answer in time, or the worker was killed meanwhile. */
export function isUnanswered(error: unknown): boolean {
  return timeoutOf(error) === 'START_TO_CLOSE';
}

/** The failure that tells what happened; nothing for what is no failure of a call: a cancellation, a bug. */
export function originOf(error: unknown): ApplicationFailure | undefined {
  const answer = answerIn(error);
  if (answer || timeoutOf(error) === undefined) return answer;
  return ApplicationFailure.create({
    type: 'WaitTimedOut',
    message: isUnattended(error)
      ? 'no worker has answered within the time allowed'
      : 'AWS has not answered within the time allowed, or the worker was stopped while it waited for the answer',
  });
}

/**
 * What an AWS call that failed says about its effect. An attempt without an answer may have had any effect, unless no
 * worker has taken it up: then nothing was sent.
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

/** Nobody can say whether a change was made. */
export function outcomeUnknown(
  step: string,
  why = 'what AWS shows does not tell whether the change was made',
  cause?: unknown,
): ApplicationFailure {
  return flowFailure('OutcomeUnknown', `${step}: no reply, and ${why}`, {}, cause);
}

/** What fails while a change is in doubt leaves it in doubt; what it failed of is the cause. */
export async function orUnknown<Result>(step: string, look: () => Promise<Result>): Promise<Result> {
  try {
    return await look();
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
