import { ActivityFailure, ApplicationFailure, TimeoutFailure, isCancellation } from '@temporalio/workflow';
import type { AwsFailureDetails } from '../../activities/aws-errors.ts';
import { isRecord, recordOf } from '../../guards.ts';
import { MENDED_WITHIN } from '../../pacing.ts';

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
  /** What AWS said of a request that it rejected, where its words may repeat patient data and so are not in the message. */
  awsMessage?: string;
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
export function answerIn(error: unknown): ApplicationFailure | undefined {
  if (error instanceof ApplicationFailure) return error;
  if (error instanceof ActivityFailure || error instanceof TimeoutFailure) return answerIn(error.cause);
  return undefined;
}

/**
 * Whether the time for a call ran out on an attempt that waited for a worker, or whose worker never came back. Where
 * workers live, attempts end: it says nothing of AWS, whatever an earlier attempt was told.
 */
export function isUnattended(error: unknown): boolean {
  return error instanceof ActivityFailure && error.cause instanceof TimeoutFailure;
}

/** Makes a call that does no harm when made twice, and makes it again where no worker was there for it. */
export async function attended<Output>(call: () => Promise<Output>): Promise<Output> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!isUnattended(error)) throw error;
    }
  }
}

/** The failure that tells what happened; nothing for what is no failure of a call: a cancellation, a bug. */
export function originOf(error: unknown): ApplicationFailure | undefined {
  const nobody = { type: 'WaitTimedOut', message: 'no worker has answered within the time allowed' };
  return answerIn(error) ?? (isUnattended(error) ? ApplicationFailure.create(nobody) : undefined);
}

/** What an AWS call that failed says of itself; an attempt that never came back says that nothing is known. */
export function awsDetailsOf(error: unknown): Pick<AwsFailureDetails, 'effect' | 'retry'> {
  const [details] = answerIn(error)?.details ?? [];
  const { effect, retry } = recordOf(details);
  return {
    effect: isEffect(effect) && !isUnattended(error) ? effect : 'unknown',
    retry: isRetry(retry) ? retry : 'untilDeadline',
  };
}

/** The service's own word on when to come back, in milliseconds. (A failure's `nextRetryDelay` does not reach workflows.) */
export function hintIn(error: unknown): number {
  const [details] = answerIn(error)?.details ?? [];
  const { retryAfter } = recordOf(details);
  return typeof retryAfter === 'number' ? retryAfter : 0;
}

/** How long an error is worth trying again, of all the time that there is, in milliseconds. */
export function patienceFor(retry: AwsFailureDetails['retry'], timeout: number): number {
  return retry === 'tenMinutes' ? Math.min(MENDED_WITHIN, timeout) : timeout;
}

function isEffect(value: unknown): value is AwsFailureDetails['effect'] {
  return value === 'refused' || value === 'conflict' || value === 'rejected' || value === 'unknown';
}

function isRetry(value: unknown): value is AwsFailureDetails['retry'] {
  return value === 'untilDeadline' || value === 'tenMinutes' || value === 'never';
}
