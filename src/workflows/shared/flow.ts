import { defineSearchAttributeKey } from '@temporalio/common';
import {
  type ActivityOptions,
  ActivityCancellationType,
  CancellationScope,
  condition,
  defineSignal,
  isCancellation,
  log,
  setHandler,
  sleep,
  upsertMemo,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { WorkerFacts } from '../../activities/check-input.ts';
import type { FlowName } from '../../input-rules/flows.ts';
import { checkInput } from './activities.ts';
import { failureOfRun, originOf, type Left } from './failures.ts';
import { ProgressBoard } from './progress.ts';

/** An event of EventBridge, as whoever connects it forwards it. A hint that something has moved, never the truth. */
export interface AwsEvent {
  /** EventBridge delivers at least once: the same id may come again. */
  id: string;
  source: string;
  detailType: string;
  time: string;
  ids: Record<string, string>;
}

export const awsEventSignal = defineSignal<[AwsEvent]>('awsEvent');

/** The detail types after which nothing more happens by itself. Others only tell of progress. */
const TERMINAL_EVENT =
  /(Created|Active|Creation Failed|Deleted|Completed|Completed With Errors|Failed|Copied|Updated)$/;

const SEARCH_ATTRIBUTES = {
  datastoreId: 'AwsDatastoreId',
  jobId: 'AwsJobId',
  imageSetId: 'AwsImageSetId',
} as const;

type KnownId = keyof typeof SEARCH_ATTRIBUTES;

/** An activity as a proxy has it. */
interface ProxiedActivity<Input, Output> {
  executeWithOptions(options: ActivityOptions, args: [Input]): Promise<Output>;
}

/**
 * One run of a flow: how it calls AWS, what it knows, where it stands, and what it would leave behind.
 *
 * Made by {@link runFlow} alone, which also turns every error into the run's one failure.
 */
export class Flow {
  readonly board = new ProgressBoard();
  /** Names what the run has made in AWS, for the failure's details. */
  readonly left: Left[] = [];
  /** The job that goes on inside AWS when the run is cancelled: imports cannot be cancelled there. */
  runningJob: string | undefined;
  hadEvent = false;
  #eventPending = false;
  #facts: WorkerFacts | undefined;

  constructor(readonly name: FlowName) {
    setHandler(awsEventSignal, (event) => this.#onEvent(event), {
      description: 'An EventBridge event of HealthImaging or HealthLake: makes the run look at once.',
    });
  }

  get facts(): WorkerFacts {
    if (!this.#facts) throw new Error('The facts are there only once the input has been checked.');
    return this.#facts;
  }

  async checkInput(input: unknown): Promise<void> {
    this.#facts = await checkInput.executeWithOptions({ summary: '+checkInput' }, [this.name, input]);
  }

  /**
   * One call that changes nothing. Temporal tries it again by the table in `activities/aws-errors.ts`.
   *
   * @param summary - begins with the document's step id, or with `+` for a call that the document does not have
   * @param budget - how long to try, in milliseconds
   * @throws ActivityFailure with the AWS exception as its cause
   */
  read<Input, Output>(
    summary: string,
    activity: ProxiedActivity<Input, Output>,
    input: Input,
    budget: number,
  ): Promise<Output> {
    return this.#call(activity, input, {
      summary,
      scheduleToCloseTimeout: budget,
      cancellationType: ActivityCancellationType.TRY_CANCEL,
    });
  }

  /**
   * One call that changes something. Never cancelled half-way: whether it took effect would be unknown.
   *
   * @param options - `maximumAttempts: 1` for a call that nothing makes safe to repeat (see `mutateOnce`)
   */
  change<Input, Output>(
    summary: string,
    activity: ProxiedActivity<Input, Output>,
    input: Input,
    { budget, maximumAttempts }: { budget: number; maximumAttempts?: number },
  ): Promise<Output> {
    return CancellationScope.nonCancellable(() =>
      this.#call(activity, input, {
        summary,
        scheduleToCloseTimeout: budget,
        ...(maximumAttempts !== undefined && { retry: { maximumAttempts } }),
      }),
    );
  }

  /** Notes an id that the run has learnt: for the query, the failure and, where the namespace has them, for search. */
  know(ids: Partial<Record<KnownId, string>>): void {
    this.board.show({ ids: { ...this.board.now.ids, ...ids } });
    const attributes = Object.entries(ids).flatMap(([id, value]) => {
      const name = SEARCH_ATTRIBUTES[id as KnownId];
      return this.facts.searchAttributes.includes(name)
        ? [{ key: defineSearchAttributeKey(name, 'KEYWORD'), value }]
        : [];
    });
    if (attributes.length > 0) upsertSearchAttributes(attributes);
  }

  warn(message: string): void {
    this.board.show({ lastError: message });
    log.warn(message);
  }

  /**
   * Sleeps before the next read of a step, or until an event says that looking is worth while. Two reads are never
   * less than `minimum` apart, however many events come.
   */
  async pause(step: string, milliseconds: number, minimum: number): Promise<void> {
    const since = Date.now();
    const options = { summary: `wait before ${step}` };
    this.board.show({ nextReadAt: new Date(since + milliseconds).toISOString() });
    if (await condition(() => this.#eventPending, milliseconds, options)) {
      const tooEarly = since + Math.min(minimum, milliseconds) - Date.now();
      if (tooEarly > 0) await sleep(tooEarly, options);
    }
    this.#eventPending = false;
    this.board.show({ nextReadAt: undefined });
  }

  /** What the failure of the run says of where it ended. */
  get whereabouts() {
    const { step, status, ids } = this.board.now;
    return { step, status, ids, ...(this.left.length > 0 && { left: this.left }) };
  }

  /** Cancelling a run stops the waiting, not what AWS does. (The text of a `CancelledFailure` never arrives; a memo does.) */
  noteCancellation(): void {
    if (this.runningJob === undefined) return;
    upsertMemo({ awsJobId: this.runningJob, stillRunning: true });
    this.board.show({ lastError: `cancelled; job ${this.runningJob} goes on inside AWS` });
  }

  #call<Input, Output>(
    activity: ProxiedActivity<Input, Output>,
    input: Input,
    options: ActivityOptions & { summary: string },
  ): Promise<Output> {
    const [step = ''] = options.summary.split(' ');
    this.board.enter(step);
    return activity.executeWithOptions(
      {
        startToCloseTimeout: this.facts.startToClose,
        ...options,
        retry: {
          initialInterval: '1 second',
          backoffCoefficient: 2,
          maximumInterval: '30 seconds',
          ...options.retry,
        },
      },
      [input],
    );
  }

  #onEvent({ detailType, ids }: AwsEvent): void {
    const own = this.board.now.ids;
    const foreign = Object.entries(ids ?? {}).some(
      ([name, id]) => own[name] !== undefined && own[name] !== id,
    );
    if (foreign) return;
    this.hadEvent = true;
    if (TERMINAL_EVENT.test(detailType)) this.#eventPending = true;
    else this.board.show({ status: detailType });
  }
}

/**
 * Runs the steps of a flow: handlers first, then the check of the whole input, then the steps; and one failure for
 * whatever goes wrong.
 *
 * @throws ApplicationFailure as `failureOfRun` makes it; a cancellation stays one
 */
export async function runFlow<Result>(
  name: FlowName,
  input: unknown,
  steps: (flow: Flow) => Promise<Result>,
): Promise<Result> {
  const flow = new Flow(name);
  try {
    await flow.checkInput(input);
    return await steps(flow);
  } catch (error) {
    if (isCancellation(error)) flow.noteCancellation();
    else flow.board.show({ lastError: originOf(error)?.type ?? undefined });
    throw failureOfRun(error, flow.whereabouts);
  }
}

/**
 * The client token of a step, where the input has none. Of the run, not of its first execution: cron firings, retries
 * and resets share that one, and would be given an old job back. Legal in both services (36 + 1 + step ≤ 64).
 */
export function tokenFor(step: string): string {
  return `${workflowInfo().runId}-${step}`;
}

/** The job's name, where the input has none: the workflow id if the service takes it (scheduled ids hold a `:`). */
export function derivedJobName(): string {
  const { workflowId, runId } = workflowInfo();
  return /^[A-Za-z0-9._/-]{1,64}$/.test(workflowId) ? workflowId : `ahw-${runId}`;
}
