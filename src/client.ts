/**
 * Starts and follows runs, and manages the schedules of recurring imports, from service code.
 *
 * @module aws-health-workflows
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { S3Client } from '@aws-sdk/client-s3';
import { Client, Connection, type ClientOptions } from '@temporalio/client';
import type { ReportedJob } from './activities/fleet/record.ts';
import type { FailedFile, WarnedFile } from './activities/report-lines.ts';
import type { FlowInput, FlowResult, FlowRun, FlowStartOptions } from './client/flow-types.ts';
import { steerFleet, type FleetUpdate } from './client/fleet.ts';
import { readFleetReport, readReport } from './client/import-reports.ts';
import { listRuns, type RunLine } from './client/run-list.ts';
import { recordOfRun, type RecordEntry } from './client/run-record.ts';
import { startFlow } from './client/start-flow.ts';
import { whereabouts } from './client/whereabouts.ts';
import type { WorkflowName } from './input-rules/workflows.ts';
import { clientEncryption } from './payloads/encryption.ts';
import { Schedules } from './schedules.ts';
import { clientIdentity } from './temporal/identity.ts';
import { noServer, readTemporalConfig } from './temporal/temporal-config.ts';
import { readWorkflowIdKey } from './temporal/workflow-id.ts';
import { readSettings } from './worker/settings.ts';
import type { FleetStanding } from './workflows/fleet/steering.ts';
import type { Progress } from './workflows/run/progress.ts';

export { isFlowInput } from './client/flow-types.ts';
export type { FailedFile, WarnedFile } from './activities/report-lines.ts';
export type { FlowInput, FlowResult, FlowRun, FlowStartOptions, Flows } from './client/flow-types.ts';
export type { RunLine } from './client/run-list.ts';
export type { RecordEntry } from './client/run-record.ts';
export type { FlowName } from './input-rules/flows.ts';
export type { HasInput, HasStore, Members, RecurringFlow } from './input-rules/recurring-import.ts';
export type { WorkflowName } from './input-rules/workflows.ts';
export { documentName } from './lib/document-name.ts';
export { UserError, explain, runMain } from './lib/user-error.ts';
export type {
  ByInterval,
  ByTheClock,
  Ensured,
  Firing,
  RecurringImport,
  ScheduledImport,
  ScheduleLine,
  Schedules,
  ScheduleStatus,
} from './schedules.ts';
export type { FailureDetails, FailureType, Left } from './workflows/run/failures.ts';
export type { Progress } from './workflows/run/progress.ts';
export type {
  DicomFleetInput,
  DicomFleetSource,
  FhirFleetInput,
  FhirFleetSource,
  FleetOptions,
} from './input-rules/inputs.ts';
export type { FleetUpdate } from './client/fleet.ts';
export type { FleetStanding } from './workflows/fleet/steering.ts';
export type { FLEET_RULES, FleetName } from './input-rules/fleets.ts';

/**
 * Starts and follows flows from service code, with full types.
 *
 * @example
 * const flows = await FlowClient.connect();
 * const run = await flows.start('copyImageSet', { datastoreId, sourceImageSetId, destinationImageSetId });
 * console.log(await run.result());
 */
export class FlowClient {
  /** The Temporal schedules of recurring imports. */
  readonly schedules: Schedules;
  readonly #workflowIdKey: string | undefined;

  /**
   * @param temporal - a client that is connected to the worker's namespace
   * @param taskQueue - the worker's task queue
   * @param workflowIdKey - a secret that all programs of a deployment that start runs share. With it, starting a flow again
   *   with the same input finds the open run, even if the input contains patient data.
   * @throws UserError for an invalid setting in the environment
   */
  constructor(
    readonly temporal: Client,
    readonly taskQueue: string = readSettings(process.env).taskQueue,
    workflowIdKey: string | undefined = readWorkflowIdKey(process.env),
  ) {
    this.#workflowIdKey = workflowIdKey;
    this.schedules = new Schedules(temporal, taskQueue);
  }

  /**
   * Connects with the configuration of the Temporal CLI: the `TEMPORAL_*` variables, or the profile in `temporal.toml`.
   *
   * If `PAYLOAD_KEYS` is set, payloads are encrypted with these keys, as the worker does.
   *
   * @param options - `dataConverter`: takes the place of `PAYLOAD_KEYS`, and must be the one that the worker uses; `identity`: for
   *   whom this client acts, which stands in the {@link record} of runs; by default the user and the host of this process
   * @throws UserError if the server cannot be reached, or the configuration is invalid
   */
  static async connect(options: Pick<ClientOptions, 'dataConverter' | 'identity'> = {}): Promise<FlowClient> {
    const { connectionOptions, namespace, address } = readTemporalConfig();
    const connection = await Connection.connect(connectionOptions).catch((error: Error) => {
      throw noServer(address, error);
    });
    const dataConverter = options.dataConverter ?? (await clientEncryption(process.env, namespace));
    const { identity = clientIdentity() } = options;
    const client = new Client({ connection, namespace, identity, ...(dataConverter && { dataConverter }) });
    return new FlowClient(client);
  }

  /**
   * Starts a run. If a run with the same flow and input is open, returns that run instead, so a repeated call is safe. Once
   * that run has closed, the call starts a new run.
   *
   * If the input may contain patient data, the open run is found only if `WORKFLOW_ID_KEY` is set, or with
   * `options.workflowId`. Without either, each call starts a new run, because a workflow id that is derived from patient
   * data would reveal them.
   *
   * @throws ApplicationFailure `ValidationFailed` with all problems of the input; nothing was started
   * @throws UserError if an open run has the id but another flow or input
   */
  start<Flow extends WorkflowName>(
    flow: Flow,
    input: FlowInput<Flow>,
    options: FlowStartOptions = {},
  ): Promise<FlowRun<Flow>> {
    const { temporal, taskQueue } = this;
    return startFlow({ temporal, taskQueue, workflowIdKey: this.#workflowIdKey }, flow, input, options);
  }

  /**
   * Starts a run and waits for its result.
   *
   * @throws WorkflowFailedError whose `cause` is the failure of the flow
   */
  async execute<Flow extends WorkflowName>(
    flow: Flow,
    input: FlowInput<Flow>,
    options: FlowStartOptions = {},
  ): Promise<FlowResult<Flow>> {
    const run = await this.start(flow, input, options);
    return run.result();
  }

  /** The reply of the run's query `progress`. A live worker must answer it. */
  progress(workflowId: string): Promise<Progress> {
    return this.temporal.workflow.getHandle(workflowId).query<Progress>('progress');
  }

  /**
   * Yields the progress of a run, as {@link whereabouts} returns it, each time that it has changed, until the run has closed.
   * Yields nothing while no worker is alive.
   */
  async *watch(workflowId: string): AsyncGenerator<Progress> {
    const run = this.temporal.workflow.getHandle(workflowId);
    for (let shown = ''; ; await pause(500)) {
      const described = await run.describe();
      const progress = await whereabouts(this.temporal, workflowId, described);
      const state = JSON.stringify(progress);
      if (progress && state !== shown) yield progress;
      shown = state;
      if (described.status.name !== 'RUNNING') return;
    }
  }

  /**
   * The current progress of a run; for a recurring import, that of the import which it has started.
   *
   * While Temporal retries an activity of the run, for example because AWS throttles it, the workflow does not know of the
   * failed attempts. `lastError` then comes from Temporal's description of the run, unless the workflow has set its own:
   * `copyImageSet: ThrottlingException, attempt 4`.
   *
   * @returns undefined if no worker answers within two seconds, for example because none is alive or has this workflow type
   */
  whereabouts(workflowId: string): Promise<Progress | undefined> {
    return whereabouts(this.temporal, workflowId);
  }

  /**
   * Waits until a run has closed, and returns its result.
   *
   * @throws WorkflowFailedError whose `cause` is the failure of the flow
   */
  result<Flow extends WorkflowName>(workflowId: string): Promise<FlowResult<Flow>> {
    return this.temporal.workflow.getHandle<() => Promise<FlowResult<Flow>>>(workflowId).result();
  }

  /** Cancels a run. What the run has started in AWS continues there; the memo of the run names it. */
  async cancel(workflowId: string): Promise<void> {
    await this.temporal.workflow.getHandle(workflowId).cancel();
  }

  /**
   * Lists the runs of all flows, newest first.
   *
   * @param options - `all`: include runs that have closed; `limit`: the maximum number of runs, 50 by default
   */
  list({ all = false, limit = 50 } = {}): Promise<RunLine[]> {
    return listRuns(this.temporal, all, limit);
  }

  /**
   * The files that an import did not import, with the reasons. They are read from S3 at each call and stored nowhere else,
   * because names and reasons often contain patient data.
   *
   * @param s3 - a client that may read the bucket of the import's output
   * @returns undefined if the run has no such report: it is no import, or its manifest was not read
   */
  failures(workflowId: string, s3: S3Client): Promise<AsyncGenerator<FailedFile> | undefined> {
    return readReport('failures', this.result(workflowId), s3);
  }

  /** The files that an import imported with a warning. Parameters and result are those of {@link failures}. */
  warnings(workflowId: string, s3: S3Client): Promise<AsyncGenerator<WarnedFile> | undefined> {
    return readReport('warnings', this.result(workflowId), s3);
  }

  /**
   * Steers a fleet that is running. Sending an update twice does no harm.
   *
   * @returns how the fleet stands then
   * @throws UserError if the run is no fleet, has ended, or refuses the value, or if no worker answers within 10 seconds
   */
  steer(workflowId: string, ...update: FleetUpdate): Promise<FleetStanding> {
    return steerFleet(this.temporal, workflowId, update);
  }

  /**
   * The jobs of a fleet that has ended, in the order of the plan, read from S3 at each call.
   *
   * @param s3 - a client that may read the bucket of the fleet's output
   * @returns undefined if the run has no report: it is no fleet, or it has only planned
   */
  report(workflowId: string, s3: S3Client): Promise<AsyncGenerator<ReportedJob> | undefined> {
    return readFleetReport(this.result(workflowId), s3);
  }

  /**
   * Who started, signalled, steered, cancelled or terminated a run, and what it has asked AWS to change, from its history; with
   * the runs that it has continued as, and those that it has started. Temporal keeps a history until the retention period is over.
   */
  record(workflowId: string): AsyncGenerator<RecordEntry> {
    return recordOfRun(this.temporal, workflowId);
  }

  /** Closes the connection to Temporal. */
  async close(): Promise<void> {
    await this.temporal.connection.close();
  }
}
