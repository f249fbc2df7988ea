import { ApplicationFailure, workflowInfo } from '@temporalio/workflow';
import { recordOf } from '../../lib/guards.ts';
import { MOST_BYTES, bytesOf, cutText } from '../../lib/size.ts';
import type { RunRules } from '../../pacing/rules.ts';
import { flowFailure } from './failures.ts';

/*
 * Temporal terminates a run that returns a value of more than 2 MiB, or whose history exceeds 51,200 events or 50 MiB. A
 * terminated run has no failure that says what happened, and cannot run any cleanup. So a run checks these limits itself, and
 * fails with a message that says what to do.
 */

/** @throws ApplicationFailure `HistoryFull` if the history has no room for another call */
export function assertRoomInHistory({ mostHistory }: RunRules): void {
  const { historyLength, historySize } = workflowInfo();
  if (historyLength < mostHistory.events && historySize < mostHistory.bytes) return;
  throw flowFailure(
    'HistoryFull',
    `the run has ${historyLength} events in ${historySize} bytes, and Temporal terminates a run at 51,200 events or 50 MB. ` +
      'Start it again with the ids in the details, and with longer intervals in polling',
  );
}

/** @throws ApplicationFailure `ResultTooLarge` */
export function boundedResult<Result>(result: Result): Result {
  const bytes = bytesOf(result);
  if (bytes <= MOST_BYTES) return result;
  throw flowFailure(
    'ResultTooLarge',
    `the result has ${bytes} bytes, and Temporal accepts at most ${MOST_BYTES}. What the run has changed in AWS remains ` +
      'changed. Start the flow again with the ids of the details, such as the job id, so that nothing is done twice, and ask ' +
      'for less: summaries "ids", a smaller MaxResults, a smaller listFailedFiles',
  );
}

/** The limit for each member of the details, the message and each cause of a failure that is too large as a whole. */
const MOST_BYTES_OF_PART = 50_000;

/** Makes the failure of a run small enough for Temporal: leaves out large members of its details, and names them in `leftOut`. */
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
    ...causedBy(failure.cause),
  });
}

/** The cause, and up to four causes below it, without their details and stacks, which may be large. */
function causedBy(cause: unknown, levels = 5): { cause?: Error } {
  if (!(cause instanceof Error) || levels === 0) return {};
  const type = cause instanceof ApplicationFailure ? cause.type : cause.name;
  return {
    cause: ApplicationFailure.create({
      type: cutText(type ?? 'Error', 1_000),
      message: cutText(cause.message, MOST_BYTES_OF_PART),
      ...causedBy(cause.cause, levels - 1),
    }),
  };
}

/** Counts the whole chain of causes, because Temporal sends it. */
function bytesOfFailure(failure: unknown): number {
  if (!(failure instanceof Error)) return 0;
  const { message, stack, cause } = failure;
  const details = failure instanceof ApplicationFailure ? failure.details : undefined;
  return bytesOf({ message, stack, details }) + bytesOfFailure(cause);
}
