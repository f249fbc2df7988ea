import { setTimeout as pause } from 'node:timers/promises';
import type { S3Client } from '@aws-sdk/client-s3';
import {
  Client,
  Connection,
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  type ClientOptions,
  type WorkflowExecutionStatusName,
  type WorkflowHandleWithFirstExecutionRunId,
  type WorkflowStartOptions,
} from '@temporalio/client';
import { ApplicationFailure, defineSearchAttributeKey } from '@temporalio/common';
import { decodeArrayFromPayloads } from '@temporalio/common/lib/internal-non-workflow/index.js';
import type { FailedFile, ReportEntry, ReportKind, WarnedFile } from './activities/report-lines.ts';
import { canonicalJson } from './lib/canonical-json.ts';
import { documentName } from './lib/document-name.ts';
import { isRecord } from './lib/guards.ts';
import { WORKFLOW_NAMES, assertInput, inputProblems, type WorkflowName } from './input-rules/workflows.ts';
import { Schedules } from './schedules.ts';
import { OUR_SEARCH_ATTRIBUTES } from './lib/search-attributes.ts';
import { noServer, readTemporalConfig } from './temporal/temporal-config.ts';
import { UserError, explain, runMain } from './lib/user-error.ts';
import { identifiesInput, readWorkflowIdKey, workflowIdOf } from './temporal/workflow-id.ts';
import { readSettings } from './worker/settings.ts';
import type * as workflows from './workflows/index.ts';
import type { Progress } from './workflows/run/progress.ts';

export { documentName, explain, runMain, UserError };
export type { WorkflowName } from './input-rules/workflows.ts';
export type { Ensured, RecurringImport, ScheduledImport, Schedules, ScheduleStatus } from './schedules.ts';
export type { FailureDetails, FailureType } from './workflows/run/failures.ts';
export type { Progress } from './workflows/run/progress.ts';

type Flows = typeof workflows;

/** What a flow takes, by its workflow type. */
export type FlowInput<Flow extends WorkflowName> = Parameters<Flows[Flow]>[0];

/**
 * Whether an input of unknown shape, such as one that was read from a file, is one that a flow takes. What is wrong with one
 * that is not, {@link FlowClient.start} says.
 */
export function isFlowInput<Flow extends WorkflowName>(flow: Flow, input: unknown): input is FlowInput<Flow> {
  return inputProblems(flow, input).length === 0;
}

/** What a flow gives. */
export type FlowResult<Flow extends WorkflowName> = Awaited<ReturnType<Flows[Flow]>>;

const AWS_OUTCOME = defineSearchAttributeKey(OUR_SEARCH_ATTRIBUTES.outcome, 'KEYWORD');

/** The handle of a run, whose `result()` is the flow's. */
export type FlowRun<Flow extends WorkflowName> = WorkflowHandleWithFirstExecutionRunId<
  (input: object) => Promise<FlowResult<Flow>>
> & {
  /** Whether it went on already when it was asked for: nothing was started then. */
  readonly joined: boolean;
};

/** Temporal's own start options, less those that the flow sets. */
export type FlowStartOptions = Partial<Omit<WorkflowStartOptions, 'args' | 'workflowIdConflictPolicy'>>;

/** A line of the list of runs. */
export interface RunLine {
  workflowId: string;
  runId: string;
  flow: WorkflowName;
  status: WorkflowExecutionStatusName;
  startTime: Date;
  closeTime?: Date;
  /** How an import has ended, where the namespace has the search attribute `AwsOutcome`. */
  outcome?: string;
}

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
  readonly #workflowIdKey: string | undefined;

  /**
   * @param temporal - connected to the namespace where the worker is
   * @param taskQueue - the worker's
   * @param workflowIdKey - a secret that all starters of a deployment share: with it runs whose input holds patient data are
   *   found again by their input
   * @throws UserError for a setting in the environment that cannot be read
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
   * Connects as the Temporal CLI does: `TEMPORAL_*`, or the profile in `temporal.toml`.
   *
   * @param options - `dataConverter`: the same that the worker has, such as one with a codec that encrypts payloads
   * @throws UserError when no server answers, or the configuration cannot be read
   */
  static async connect(options: Pick<ClientOptions, 'dataConverter'> = {}): Promise<FlowClient> {
    const { connectionOptions, namespace, address } = readTemporalConfig();
    const connection = await Connection.connect(connectionOptions).catch((error: Error) => {
      throw noServer(address, error);
    });
    return new FlowClient(new Client({ connection, namespace, ...options }));
  }

  /**
   * Starts a run. While one with the same flow and input is running, gives that one: asking twice is safe. Once it has
   * closed, asking again is a new run.
   *
   * An input that may hold patient data is found again only where `WORKFLOW_ID_KEY` is set, or with `options.workflowId`:
   * without either each call is a new run, since an id that derives from such data would reveal them.
   *
   * @throws ApplicationFailure `ValidationFailed` with all problems of the input; nothing was started
   * @throws UserError when the id is that of a run that goes on with another flow or input
   */
  async start<Flow extends WorkflowName>(
    flow: Flow,
    input: FlowInput<Flow>,
    options: FlowStartOptions = {},
  ): Promise<FlowRun<Flow>> {
    assertInput(flow, input);
    const key = this.#workflowIdKey;
    const workflowId = options.workflowId ?? workflowIdOf(flow, input, key);
    const start = (workflowIdConflictPolicy: 'FAIL' | 'USE_EXISTING') =>
      this.temporal.workflow.start<(input: object) => Promise<FlowResult<Flow>>>(flow, {
        staticSummary: documentName(flow),
        ...options,
        // Whoever is not so strict with types may give these as undefined.
        taskQueue: options.taskQueue ?? this.taskQueue,
        workflowId,
        workflowIdConflictPolicy,
        args: [input],
      });
    // With USE_EXISTING alone Temporal's client does not tell a new run from one that goes on.
    const run = await start('FAIL').then(
      (started) => Object.assign(started, { joined: false }),
      async (error: unknown) => {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
        return Object.assign(await start('USE_EXISTING'), { joined: true });
      },
    );
    const isSurelyOurs = options.workflowId === undefined && identifiesInput(flow, input, key);
    if (!isSurelyOurs && run.joined && !(await this.#wasStartedWith(run, flow, input))) {
      throw new UserError(
        `${run.workflowId} goes on already, as another flow or with another input. Nothing was started.`,
      );
    }
    return run;
  }

  /** Whether a run is of this flow and of this input, however that was written down. */
  async #wasStartedWith(
    { workflowId, firstExecutionRunId: runId }: FlowRun<WorkflowName>,
    flow: WorkflowName,
    input: object,
  ): Promise<boolean> {
    const { workflowService, options } = this.temporal;
    const { history } = await workflowService.getWorkflowExecutionHistory({
      namespace: options.namespace,
      execution: { workflowId, runId },
      maximumPageSize: 1,
    });
    const start = history?.events?.[0]?.workflowExecutionStartedEventAttributes;
    const [startedWith] = await decodeArrayFromPayloads(options.loadedDataConverter, start?.input?.payloads);
    return start?.workflowType?.name === flow && canonicalJson(startedWith) === canonicalJson(input);
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

  /**
   * Where a run stands, each time that this has changed, until the run has closed. A recurring import stands where the
   * import stands that it has started. While no worker lives nobody answers: then nothing comes.
   */
  async *watch(workflowId: string): AsyncGenerator<Progress> {
    const run = this.temporal.workflow.getHandle(workflowId);
    for (let shown = ''; ; await pause(500)) {
      const { status } = await run.describe();
      const progress = await this.whereabouts(workflowId);
      const state = JSON.stringify(progress);
      if (progress && state !== shown) yield progress;
      shown = state;
      if (status.name !== 'RUNNING') return;
    }
  }

  /**
   * Where a run stands now; a recurring import where the import stands that it has started.
   *
   * @returns undefined where nobody answers within two seconds: no worker lives, or none knows this flow
   */
  async whereabouts(workflowId: string): Promise<Progress | undefined> {
    const ask = (id: string) =>
      this.temporal.withDeadline(Date.now() + 2_000, () => this.progress(id)).catch(() => undefined);
    const progress = await ask(workflowId);
    const importWorkflowId = progress?.ids['importWorkflowId'];
    return importWorkflowId === undefined ? progress : ((await ask(importWorkflowId)) ?? progress);
  }

  /**
   * The result of a run, once it has ended.
   *
   * @throws WorkflowFailedError whose cause is the flow's one failure
   */
  result<Flow extends WorkflowName>(workflowId: string): Promise<FlowResult<Flow>> {
    return this.temporal.workflow.getHandle<() => Promise<FlowResult<Flow>>>(workflowId).result();
  }

  /** Ends the waiting. What AWS is doing goes on: the memo of the run says what. */
  async cancel(workflowId: string): Promise<void> {
    await this.temporal.workflow.getHandle(workflowId).cancel();
  }

  /**
   * Runs of all flows, the newest first.
   *
   * @param options - `all`: those that have closed as well; `limit`: how many at most, 50 by default
   */
  async list({ all = false, limit = 50 } = {}): Promise<RunLine[]> {
    const types = WORKFLOW_NAMES.map((name) => `"${name}"`).join(', ');
    const query = `WorkflowType IN (${types})${all ? '' : ' AND ExecutionStatus = "Running"'}`;
    const runs: RunLine[] = [];
    for await (const run of this.temporal.workflow.list({ query })) {
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

  /**
   * What an import has not imported, by name and reason: read from S3 now, and kept nowhere, since names and reasons often
   * hold patient data.
   *
   * @param s3 - may read the bucket of the import's output
   * @returns undefined where the run has no such report: it is no import, or its manifest was not read
   */
  failures(workflowId: string, s3: S3Client): Promise<AsyncGenerator<FailedFile> | undefined> {
    return this.#report('failures', workflowId, s3);
  }

  /** What an import has taken in with a warning; for the rest see {@link failures}. */
  warnings(workflowId: string, s3: S3Client): Promise<AsyncGenerator<WarnedFile> | undefined> {
    return this.#report('warnings', workflowId, s3);
  }

  async #report<Kind extends ReportKind>(
    kind: Kind,
    workflowId: string,
    s3: S3Client,
  ): Promise<AsyncGenerator<ReportEntry[Kind]> | undefined> {
    const ended = await this.result(workflowId).catch((error: unknown) => {
      if (error instanceof WorkflowFailedError) return resultInFailure(error);
      throw error;
    });
    const uri = reportUriIn(ended, kind);
    if (uri === undefined) return undefined;
    // Not loaded by those who only start runs: it needs the AWS SDK.
    const { entriesOf, reportAt } = await import('./activities/report-files.ts');
    return entriesOf(s3, reportAt(kind, uri), new AbortController().signal);
  }

  async close(): Promise<void> {
    await this.temporal.connection.close();
  }
}

/** An import that has failed for its files gives its result in the details. */
function resultInFailure({ cause }: WorkflowFailedError): unknown {
  const [details] = cause instanceof ApplicationFailure ? (cause.details ?? []) : [];
  return isRecord(details) ? details['result'] : undefined;
}

/** Where a result says that a report is; the result of a recurring import holds that of its import. */
function reportUriIn(result: unknown, kind: ReportKind): string | undefined {
  if (!isRecord(result)) return undefined;
  if (isRecord(result['import'])) return reportUriIn(result['import']['result'], kind);
  const report = result[kind];
  return isRecord(report) && typeof report['uri'] === 'string' ? report['uri'] : undefined;
}
