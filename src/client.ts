import { createHash } from 'node:crypto';
import { Client, Connection, type WorkflowHandle, type WorkflowStartOptions } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { canonicalJson } from './canonical-json.ts';
import { documentName } from './document-name.ts';
import { assertInput, type WorkflowName } from './input-rules/workflows.ts';
import { Schedules } from './schedules.ts';
import { readSettings } from './worker-facts.ts';
import type * as workflows from './workflows/index.ts';
import type { Progress } from './workflows/shared/progress.ts';

export { documentName };

type Flows = typeof workflows;

/** What a flow takes, by its workflow type. */
export type FlowInput<Flow extends WorkflowName> = Parameters<Flows[Flow]>[0];

/** What a flow gives. */
export type FlowResult<Flow extends WorkflowName> = Awaited<ReturnType<Flows[Flow]>>;

/** The handle of a run, whose `result()` is the flow's. */
export type FlowRun<Flow extends WorkflowName> = WorkflowHandle<(input: object) => Promise<FlowResult<Flow>>>;

/** Temporal's own start options, less those that the flow sets. */
export type FlowStartOptions = Partial<Omit<WorkflowStartOptions, 'args' | 'workflowIdConflictPolicy'>>;

/**
 * Starts flows from service code, with full types.
 *
 * @example
 * const flows = await FlowClient.connect();
 * const run = await flows.start('copyImageSet', { datastoreId, sourceImageSetId, destinationImageSetId });
 * console.log(await run.result());
 */
export class FlowClient {
  /** Recurring imports: flows that Temporal starts by the clock. */
  readonly schedules: Schedules;

  /**
   * @param temporal - connected to the namespace where the worker is
   * @param taskQueue - the worker's
   */
  constructor(
    readonly temporal: Client,
    readonly taskQueue: string = readSettings(process.env).taskQueue,
  ) {
    this.schedules = new Schedules(temporal, taskQueue);
  }

  /**
   * Connects as the Temporal CLI does: `TEMPORAL_*`, or the profile in `temporal.toml`.
   *
   * @throws what `Connection.connect` throws when no server answers
   */
  static async connect(): Promise<FlowClient> {
    const { connectionOptions, namespace } = loadClientConnectConfig();
    const connection = await Connection.connect(connectionOptions);
    return new FlowClient(new Client({ connection, ...(namespace !== undefined && { namespace }) }));
  }

  /**
   * Starts a run. While one with the same flow and input is running, gives that one: asking twice is safe. Once it has
   * closed, asking again is a new run.
   *
   * @throws ApplicationFailure `ValidationFailed` with all problems of the input; nothing was started
   */
  async start<Flow extends WorkflowName>(
    flow: Flow,
    input: FlowInput<Flow>,
    options: FlowStartOptions = {},
  ): Promise<FlowRun<Flow>> {
    assertInput(flow, input);
    return this.temporal.workflow.start<(input: object) => Promise<FlowResult<Flow>>>(flow, {
      taskQueue: this.taskQueue,
      workflowId: workflowIdOf(flow, input),
      staticSummary: documentName(flow),
      ...options,
      workflowIdConflictPolicy: 'USE_EXISTING',
      args: [input],
    });
  }

  /**
   * Starts a run and waits for its result.
   *
   * @throws WorkflowFailedError whose cause is the flow's one failure
   */
  async execute<Flow extends WorkflowName>(
    flow: Flow,
    input: FlowInput<Flow>,
    options: FlowStartOptions = {},
  ): Promise<FlowResult<Flow>> {
    const run = await this.start(flow, input, options);
    return run.result();
  }

  /** Where a run stands. Needs a live worker. */
  progress(workflowId: string): Promise<Progress> {
    return this.temporal.workflow.getHandle(workflowId).query<Progress>('progress');
  }

  async close(): Promise<void> {
    await this.temporal.connection.close();
  }
}

/** The id of the run of a flow with an input: equal inputs give equal ids, and no text of the input is in it. */
export function workflowIdOf(flow: WorkflowName, input: unknown): string {
  const hash = createHash('sha256').update(canonicalJson(input)).digest('hex').slice(0, 16);
  return `${documentName(flow)}-${hash}`;
}
