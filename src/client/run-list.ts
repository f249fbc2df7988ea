/** The list of runs, from Temporal's visibility store. */
import type { Client, WorkflowExecutionStatusName } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import { WORKFLOW_NAMES, type WorkflowName } from '../input-rules/workflows.ts';
import { OUR_SEARCH_ATTRIBUTES } from '../lib/search-attributes.ts';

/** A line of the list of runs. */
export interface RunLine {
  workflowId: string;
  runId: string;
  flow: WorkflowName;
  status: WorkflowExecutionStatusName;
  startTime: Date;
  closeTime?: Date;
  /** The outcome of an import. Present only if the namespace has the search attribute `AwsOutcome`. */
  outcome?: string;
}

const AWS_OUTCOME = defineSearchAttributeKey(OUR_SEARCH_ATTRIBUTES.outcome, 'KEYWORD');

/** See `FlowClient.list`. */
export async function listRuns(temporal: Client, all: boolean, limit: number): Promise<RunLine[]> {
  const types = WORKFLOW_NAMES.map((name) => `"${name}"`).join(', ');
  const query = `WorkflowType IN (${types})${all ? '' : ' AND ExecutionStatus = "Running"'}`;
  const runs: RunLine[] = [];
  for await (const run of temporal.workflow.list({ query })) {
    if (runs.length === limit) break;
    const { workflowId, runId, type, status, startTime, closeTime } = run;
    const outcome = run.typedSearchAttributes.get(AWS_OUTCOME);
    runs.push({
      workflowId,
      runId,
      flow: type as WorkflowName,
      status: status.name,
      startTime,
      ...(closeTime && { closeTime }),
      ...(outcome !== undefined && { outcome }),
    });
  }
  return runs;
}
