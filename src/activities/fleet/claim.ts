/** Refuses a second fleet on folders that another open one imports into the same data store. */
import { ApplicationFailure, activityInfo, cancellationSignal, getClient } from '@temporalio/activity';
import type { S3Client } from '@aws-sdk/client-s3';
import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { decodeArrayFromPayloads } from '@temporalio/common/lib/internal-non-workflow/index.js';
import { recordOf } from '../../lib/guards.ts';
import { attempt } from '../operation.ts';
import { inOrder, rootsOf, type FleetSource } from './roots.ts';

export interface Claim {
  readonly datastoreId: string;
  readonly source: FleetSource;
  /** The workflow types of all fleets that import. */
  readonly types: readonly string[];
}

/**
 * Compares the folders of this run with those of all other open fleets. If two begin at the same time, the one that began
 * earlier goes on.
 *
 * @returns since when this run holds its folders (ISO 8601)
 * @throws ApplicationFailure `FleetExists` that names the other run
 */
export const claimActivity =
  (s3: S3Client) =>
  ({ datastoreId, source, types }: Claim): Promise<string> =>
    attempt('claimFleet', async () => {
      const client = getClient();
      const own = activityInfo().workflowExecution?.workflowId ?? '';
      const roots = await rootsOf(s3, source, cancellationSignal());
      const ownInfo = await client.workflow.getHandle(own).describe();
      const since = ownInfo.startTime.toISOString();
      const query = `WorkflowType IN (${types.map((type) => `"${type}"`).join(', ')}) AND ExecutionStatus = "Running"`;
      for await (const run of client.workflow.list({ query })) {
        if (run.workflowId === own || !isEarlier(run, since, own)) continue;
        const other = recordOf(await inputOf(client, run));
        if (other['planOnly'] === true || (other['datastoreId'] ?? other['DatastoreId']) !== datastoreId)
          continue;
        const theirs = await rootsOf(s3, sourceIn(other), cancellationSignal());
        if (overlap(roots, theirs)) throw refused(run.workflowId);
      }
      return since;
    });

/** A run that continues as new keeps its memo, but not its start time. */
function isEarlier(
  { memo, startTime, workflowId }: WorkflowExecutionInfo,
  since: string,
  own: string,
): boolean {
  const { fleetSince } = recordOf(memo);
  const theirs = typeof fleetSince === 'string' ? fleetSince : startTime.toISOString();
  return theirs < since || (theirs === since && workflowId < own);
}

async function inputOf(client: Client, { workflowId, runId }: WorkflowExecutionInfo): Promise<unknown> {
  const { history } = await client.workflowService.getWorkflowExecutionHistory({
    namespace: client.options.namespace,
    execution: { workflowId, runId },
    maximumPageSize: 1,
  });
  const start = history?.events?.[0]?.workflowExecutionStartedEventAttributes;
  const [input] = await decodeArrayFromPayloads(client.options.loadedDataConverter, start?.input?.payloads);
  return input;
}

/** The source in the input of another fleet, of either service. */
export function sourceIn(input: Readonly<Record<string, unknown>>): FleetSource {
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
  const { imports, importsS3Uri } = input;
  return {
    inputS3Uri: text(input['inputS3Uri'] ?? input['InputS3Uri']),
    importsS3Uri: text(importsS3Uri),
    imports: Array.isArray(imports) ? imports.map((each) => String(recordOf(each)['inputS3Uri'])) : undefined,
  };
}

function overlap(one: readonly string[], other: readonly string[]): boolean {
  const sorted = inOrder([...one, ...other]);
  return sorted.some((folder, index) => sorted[index + 1]?.startsWith(folder) === true);
}

const refused = (workflowId: string) =>
  ApplicationFailure.create({
    type: 'FleetExists',
    message: `another fleet, ${workflowId}, imports the same folders into this data store. Nothing was started`,
    nonRetryable: true,
    details: [{}],
  });
