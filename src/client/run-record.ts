/** The record of a run, read from its history: who has started, signalled or cancelled it, and which calls have changed something in AWS. */
import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { decodeArrayFromPayloads } from '@temporalio/common/lib/internal-non-workflow/index.js';
import { tsToDate } from '@temporalio/common/lib/time.js';
import type { temporal } from '@temporalio/proto';
import { recordOf } from '../lib/guards.ts';

type HistoryEvent = temporal.api.history.v1.IHistoryEvent;
type Payloads = temporal.api.common.v1.IPayloads | null | undefined;

/** An entry of the record of a run. */
export interface RecordEntry {
  readonly time: Date;
  /** `called`: a call that asks AWS to change something, or that has failed. All others are requests to Temporal. */
  readonly what: 'started' | 'signalled' | 'updated' | 'cancelRequested' | 'terminated' | 'called';
  /**
   * The identity that the client has sent to Temporal, which does not verify it; for a call, that of the worker. For a run that
   * another run has started, its workflow id.
   */
  readonly who: string;
  readonly workflowId: string;
  /** The name of the signal, the update, or the activity, such as `startDICOMImportJob`. */
  readonly name?: string;
  /** AWS's id of the request. CloudTrail's event about the call has the same id. */
  readonly requestId?: string;
  /** The type of the failure with which AWS has answered the call, at its last attempt. */
  readonly failed?: string;
}

/** See `FlowClient.record`. */
export async function* recordOfRun(client: Client, workflowId: string): AsyncGenerator<RecordEntry> {
  for (const runId of await runsOf(client, workflowId)) {
    /** The names of activities, by the ids of the events that have scheduled them. */
    const activities = new Map<string, string>();
    for await (const event of eventsOf(client, workflowId, runId)) {
      const scheduled = event.activityTaskScheduledEventAttributes?.activityType?.name;
      if (scheduled) activities.set(String(event.eventId), scheduled);
      const time = tsToDate(event.eventTime ?? {});
      const request = requestIn(event);
      if (request) yield { time, workflowId, ...request };
      yield* (await callsIn(client, event, activities)).map((call) => ({ time, workflowId, ...call }));
      const child = event.childWorkflowExecutionStartedEventAttributes?.workflowExecution?.workflowId;
      if (child) yield* recordOfRun(client, child);
    }
  }
}

type Happened = Omit<RecordEntry, 'time' | 'workflowId'>;

/** What somebody has asked Temporal for. */
function requestIn(event: HistoryEvent): Happened | undefined {
  const started = event.workflowExecutionStartedEventAttributes;
  // A run that goes on from another one has been started by nobody.
  if (started && !started.continuedExecutionRunId) {
    const who = started.parentWorkflowExecution?.workflowId ?? started.identity;
    return { what: 'started', who: who ?? '' };
  }
  const signalled = event.workflowExecutionSignaledEventAttributes;
  if (signalled)
    return { what: 'signalled', who: signalled.identity ?? '', name: signalled.signalName ?? '' };
  const updated = event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest;
  if (updated) {
    return { what: 'updated', who: updated.meta?.identity ?? '', name: updated.input?.name ?? '' };
  }
  const cancelled = event.workflowExecutionCancelRequestedEventAttributes;
  if (cancelled) {
    const who = cancelled.externalWorkflowExecution?.workflowId ?? cancelled.identity;
    return { what: 'cancelRequested', who: who ?? '' };
  }
  const terminated = event.workflowExecutionTerminatedEventAttributes;
  return terminated ? { what: 'terminated', who: terminated.identity ?? '' } : undefined;
}

/** What an activity has asked AWS for. A fleet makes many calls in one activity. */
async function callsIn(
  { options: { loadedDataConverter } }: Client,
  event: HistoryEvent,
  activities: ReadonlyMap<string, string>,
): Promise<Happened[]> {
  const completed = event.activityTaskCompletedEventAttributes;
  const failed = event.activityTaskFailedEventAttributes;
  const ended = completed ?? failed;
  if (!ended) return [];
  const { applicationFailureInfo: failure } = failed?.failure ?? {};
  const payloads: Payloads = completed?.result ?? failure?.details;
  const [answer] = await decodeArrayFromPayloads(loadedDataConverter, payloads?.payloads);
  const name = activities.get(String(ended.scheduledEventId)) ?? '';
  const call = { what: 'called' as const, who: ended.identity ?? '', name };
  const failedAs = failure?.type ? { failed: failure.type } : {};
  return requestIdsIn(answer).map((requestId) => ({ ...call, requestId, ...failedAs }));
}

function requestIdsIn(answer: unknown): string[] {
  const { requestId, requestIds } = recordOf(answer);
  return [requestId, requestIds].flat().filter((id) => typeof id === 'string');
}

/** The ids of the runs of a workflow id that follow one another, by "continue as new", of which Temporal still has the histories. */
async function runsOf(client: Client, workflowId: string): Promise<string[]> {
  const { runId: latest } = await client.workflow.getHandle(workflowId).describe();
  const runs = [latest];
  for (;;) {
    const before = await runBefore(client, workflowId, runs[0] ?? latest);
    if (!before) return runs;
    runs.unshift(before);
  }
}

async function runBefore(client: Client, workflowId: string, runId: string): Promise<string | undefined> {
  for await (const event of eventsOf(client, workflowId, runId)) {
    const before = event.workflowExecutionStartedEventAttributes?.continuedExecutionRunId;
    return before && (await isKept(client, workflowId, before)) ? before : undefined;
  }
  return undefined;
}

async function isKept(client: Client, workflowId: string, runId: string): Promise<boolean> {
  try {
    await client.workflow.getHandle(workflowId, runId).describe();
    return true;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

/** The events of a history, page by page: that of a fleet is large. */
async function* eventsOf(client: Client, workflowId: string, runId: string): AsyncGenerator<HistoryEvent> {
  const request = { namespace: client.options.namespace, execution: { workflowId, runId } };
  let nextPageToken: Uint8Array | undefined;
  do {
    const page = await client.workflowService.getWorkflowExecutionHistory({
      ...request,
      ...(nextPageToken && { nextPageToken }),
    });
    yield* page.history?.events ?? [];
    ({ nextPageToken } = page);
  } while (nextPageToken && nextPageToken.length > 0);
}
