import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { FailureDetails } from '../../src/workflows/run/failures.ts';

/** The failure of a run. The test fails if the run completes, or closes in any other way. */
export async function failureOf(
  run: Promise<unknown>,
): Promise<{ type: string; message: string; details: FailureDetails }> {
  const error: unknown = await run.then(
    (result) => new Error(`the run has ended well: ${JSON.stringify(result)}`),
    (reason: unknown) => reason,
  );
  const failure = error instanceof WorkflowFailedError ? error.cause : error;
  if (!(failure instanceof ApplicationFailure)) throw error;
  return {
    type: failure.type ?? '',
    message: failure.message,
    details: failure.details?.[0] as FailureDetails,
  };
}
