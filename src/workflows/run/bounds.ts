import { ApplicationFailure, workflowInfo } from '@temporalio/workflow';
import { recordOf } from '../../lib/guards.ts';
import { MOST_BYTES, bytesOf, cutText } from '../../lib/size.ts';
import type { RunRules } from '../../pacing/rules.ts';
import { flowFailure } from './failures.ts';

/*
 * Temporal terminates a run that gives it a value of more than 2 MiB, or whose history exceeds 51,200 events or 50 MiB. A
 * terminated run has no failure that says what happened, and runs none of its code any more. So a run looks first, and fails by
 * itself with a failure that says what to do.
 */

/** @throws ApplicationFailure `HistoryFull` where the history has no room for another call */
export function assertRoomInHistory({ mostHistory }: RunRules): void {
  const { historyLength, historySize } = workflowInfo();
  if (historyLength < mostHistory.events && historySize < mostHistory.bytes) return;
  throw flowFailure(
    'HistoryFull',
    `the run has ${historyLength} events in ${historySize} bytes, and Temporal terminates a run at 51,200 events or 50 MB. ` +
      'Start it again with the ids in the details, and with longer intervals in polling',
  );
}

/**
 * The result of a run, as it is.
 *
 * @throws ApplicationFailure `ResultTooLarge`
 */
export function boundedResult<Result>(result: Result): Result {
  const bytes = bytesOf(result);
  if (bytes <= MOST_BYTES) return result;
  throw flowFailure(
    'ResultTooLarge',
    `the result takes ${bytes} bytes, and Temporal takes no more than ${MOST_BYTES}. What was done in AWS is done: the ids are in ` +
      'the details. Ask for less: summaries "ids", a smaller MaxResults, a smaller listFailedFiles',
  );
}

/** What a member of a failure's details, its message or its cause may take where the failure as a whole is too large. */
const MOST_BYTES_OF_PART = 50_000;

/** How many levels of causes are kept by then. */
const MOST_CAUSES = 5;

/**
 * The failure of a run, small enough for Temporal. Where it is too large, the members of its details that take most are left out,
 * beginning with the result, and their names are in `leftOut`.
 */
export function boundedFailure(failure: unknown): unknown {
  if (!(failure instanceof ApplicationFailure) || bytesOfFailure(failure) <= MOST_BYTES) return failure;
  const details = Object.entries(recordOf(failure.details?.[0]));
  const small = details.filter(([, value]) => bytesOf(value) <= MOST_BYTES_OF_PART);
  const leftOut = details.filter((member) => !small.includes(member)).map(([name]) => name);
  return ApplicationFailure.create({
    type: cutText(failure.type ?? 'UnknownError', 1_000),
    message: cutText(failure.message, MOST_BYTES_OF_PART),
    nonRetryable: failure.nonRetryable ?? false,
    details: [{ ...Object.fromEntries(small), ...(leftOut.length > 0 && { leftOut }) }],
    ...causedBy(failure.cause, MOST_CAUSES),
  });
}

/** A cause without details or stack, which are what may be large. */
function causedBy(cause: unknown, levels: number): { cause?: Error } {
  if (!(cause instanceof Error) || levels === 0) return {};
  const type = cause instanceof ApplicationFailure ? cause.type : cause.name;
  const message = cutText(cause.message, MOST_BYTES_OF_PART);
  const { cause: further } = causedBy(cause.cause, levels - 1);
  return {
    cause: ApplicationFailure.create({
      type: cutText(type ?? 'Error', 1_000),
      message,
      ...(further && { cause: further }),
    }),
  };
}

/** A failure is sent with its whole chain of causes. */
function bytesOfFailure(failure: unknown): number {
  if (!(failure instanceof Error)) return 0;
  const { message, stack, cause } = failure;
  const details = failure instanceof ApplicationFailure ? failure.details : undefined;
  return bytesOf({ message, stack, details }) + bytesOfFailure(cause);
}
