/** The TypeScript types of a flow's input, result and run, derived from the workflow functions. */
import type { WorkflowHandleWithFirstExecutionRunId, WorkflowStartOptions } from '@temporalio/client';
import { inputProblems, type WorkflowName } from '../input-rules/workflows.ts';
import type * as workflows from '../workflows/index.ts';

export type Flows = typeof workflows;

/** The input of a flow, by its workflow type. */
export type FlowInput<Flow extends WorkflowName> = Parameters<Flows[Flow]>[0];

/** The result of a flow, by its workflow type. */
export type FlowResult<Flow extends WorkflowName> = Awaited<ReturnType<Flows[Flow]>>;

/**
 * Whether a value of unknown type, such as one parsed from a file, is a valid input of a flow. `FlowClient.start` throws an
 * error that lists what is wrong with an invalid one.
 */
export function isFlowInput<Flow extends WorkflowName>(flow: Flow, input: unknown): input is FlowInput<Flow> {
  return inputProblems(flow, input).length === 0;
}

/** The handle of a run. Its `result()` has the type of the flow's result. */
export type FlowRun<Flow extends WorkflowName> = WorkflowHandleWithFirstExecutionRunId<
  (input: object) => Promise<FlowResult<Flow>>
> & {
  /** True if the run was already open, so that the call returned it and started nothing. */
  readonly joined: boolean;
};

/** Temporal's start options without those that `FlowClient` sets itself. */
export type FlowStartOptions = Partial<Omit<WorkflowStartOptions, 'args' | 'workflowIdConflictPolicy'>>;
