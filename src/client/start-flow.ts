/** Starts a run, or returns the open run that has the same flow and input. */
import { WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client';
import { decodeArrayFromPayloads } from '@temporalio/common/lib/internal-non-workflow/index.js';
import { assertInput, type WorkflowName } from '../input-rules/workflows.ts';
import { canonicalJson } from '../lib/canonical-json.ts';
import { documentName } from '../lib/document-name.ts';
import { UserError } from '../lib/user-error.ts';
import { identifiesInput, workflowIdOf } from '../temporal/workflow-id.ts';
import type { FlowInput, FlowResult, FlowRun, FlowStartOptions } from './flow-types.ts';

/** The client, task queue and key with which a `FlowClient` starts its runs. */
interface Starter {
  readonly temporal: Client;
  readonly taskQueue: string;
  readonly workflowIdKey: string | undefined;
}

/** See `FlowClient.start`. */
export async function startFlow<Flow extends WorkflowName>(
  { temporal, taskQueue, workflowIdKey }: Starter,
  flow: Flow,
  input: FlowInput<Flow>,
  options: FlowStartOptions,
): Promise<FlowRun<Flow>> {
  assertInput(flow, input);
  const workflowId = options.workflowId ?? workflowIdOf(flow, input, workflowIdKey);
  const start = (workflowIdConflictPolicy: 'FAIL' | 'USE_EXISTING') =>
    temporal.workflow.start<(input: object) => Promise<FlowResult<Flow>>>(flow, {
      staticSummary: documentName(flow),
      ...options,
      // After the caller's options, because a caller without strict types may pass `taskQueue: undefined`.
      taskQueue: options.taskQueue ?? taskQueue,
      workflowId,
      workflowIdConflictPolicy,
      args: [input],
    });
  // FAIL comes first because with USE_EXISTING alone the client does not tell a new run from one that was already open.
  const run = await start('FAIL').then(
    (started) => Object.assign(started, { joined: false }),
    async (error: unknown) => {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      return Object.assign(await start('USE_EXISTING'), { joined: true });
    },
  );
  const idProvesInput = options.workflowId === undefined && identifiesInput(flow, input, workflowIdKey);
  if (!idProvesInput && run.joined && !(await wasStartedWith(temporal, run, flow, input))) {
    throw new UserError(
      `${run.workflowId} is the id of an open run of another flow or with another input. Nothing was started.`,
    );
  }
  return run;
}

/** Whether the first history event of a run has this workflow type and this input, in whatever order of members. */
async function wasStartedWith(
  { workflowService, options }: Client,
  { workflowId, firstExecutionRunId: runId }: FlowRun<WorkflowName>,
  flow: WorkflowName,
  input: object,
): Promise<boolean> {
  const { history } = await workflowService.getWorkflowExecutionHistory({
    namespace: options.namespace,
    execution: { workflowId, runId },
    maximumPageSize: 1,
  });
  const start = history?.events?.[0]?.workflowExecutionStartedEventAttributes;
  const [startedWith] = await decodeArrayFromPayloads(options.loadedDataConverter, start?.input?.payloads);
  return start?.workflowType?.name === flow && canonicalJson(startedWith) === canonicalJson(input);
}
