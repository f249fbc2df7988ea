/** The progress of a run, together with what only the Temporal server knows: the retries of its activities. */
import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import type { Progress } from '../workflows/run/progress.ts';

/** How long a request waits for its reply. Without a live worker a query would wait until the server gives it up. */
const REPLY_WITHIN_MS = 2_000;

/**
 * See `FlowClient.whereabouts`.
 *
 * @param described - the description of the run, if the caller has just read it: saves a request
 */
export async function whereabouts(
  temporal: Client,
  workflowId: string,
  described?: WorkflowExecutionDescription,
): Promise<Progress | undefined> {
  const progress = await progressOf(temporal, workflowId, described);
  const importWorkflowId = progress?.ids['importWorkflowId'];
  if (importWorkflowId === undefined) return progress;
  return (await progressOf(temporal, importWorkflowId)) ?? progress;
}

async function progressOf(
  temporal: Client,
  workflowId: string,
  described?: WorkflowExecutionDescription,
): Promise<Progress | undefined> {
  const run = temporal.workflow.getHandle(workflowId);
  const ask = <Reply>(request: () => Promise<Reply>) =>
    temporal.withDeadline(Date.now() + REPLY_WITHIN_MS, request).catch(() => undefined);
  const progress = await ask(() => run.query<Progress>('progress'));
  if (!progress || progress.lastError !== undefined) return progress;
  const lastError = errorOfRetriedActivity(described ?? (await ask(() => run.describe())));
  return lastError === undefined ? progress : { ...progress, lastError };
}

/**
 * Why Temporal retries an activity of the run, such as `copyImageSet: ThrottlingException, attempt 4`. The workflow itself
 * learns the result of the last attempt only.
 *
 * The message of the failure is left out: a payload codec may have encoded it, and it may contain patient data.
 */
function errorOfRetriedActivity(run: WorkflowExecutionDescription | undefined): string | undefined {
  for (const { activityType, attempt, lastFailure } of run?.raw.pendingActivities ?? []) {
    if (!lastFailure || !attempt || attempt < 2) continue;
    const type = lastFailure.applicationFailureInfo?.type || 'failed';
    return `${activityType?.name}: ${type}, attempt ${attempt}`;
  }
  return undefined;
}
