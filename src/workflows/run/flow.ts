import { defineSearchAttributeKey, type SearchAttributeUpdatePair } from '@temporalio/common';
import {
  type ActivityOptions,
  ActivityCancellationType,
  CancellationScope,
  CancelledFailure,
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
import type { RunSettings } from '../../activities/check-input.ts';
import { checkInput, searchAttributes } from './activities.ts';
import { isRecord } from '../../lib/guards.ts';
import { cutText } from '../../lib/size.ts';
import { OUR_SEARCH_ATTRIBUTES } from '../../lib/search-attributes.ts';
import { assertRoomInHistory, boundedFailure, boundedResult } from './bounds.ts';
import { awsDetailsOf, failureOfRun, isUnattended, originOf, type Left } from './failures.ts';
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

/** An event that names one of these is of that job or image set, and of no other in the data store. */
const OF_ONE_THING = new Set(['jobId', 'imageSetId']);

/** A signal may hold up to 2 MB, and its detail type is shown in the query, in the current details and in the failure of the run. */
const MOST_BYTES_OF_STATUS = 200;

/** Each time without a worker takes one. A file or a reply that brings down every worker must come to an end. */
const MOST_ROUNDS = 10;

const HOUR = 60 * 60_000;

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
  readonly #left = new Map<string, Left>();
  /** What goes on inside AWS when the run is cancelled, by id: imports cannot be cancelled there. */
  underWay: { awsJobId: string } | { awsImageSetId: string } | { awsDatastoreId: string } | undefined;
  /** The step whose call may or may not have taken effect. */
  #inDoubt: string | undefined;
  #result: object | undefined;
  readonly #unpublished: SearchAttributeUpdatePair[] = [];
  #published = Promise.resolve();
  hadEvent = false;
  /** How many reads the waits of this run have made so far, all together. */
  readsInWaits = 0;
  #eventPending = false;
  #facts: RunSettings | undefined;

  constructor(readonly name: string) {
    setHandler(awsEventSignal, (event) => this.#onEvent(event), {
      description: 'An EventBridge event of HealthImaging or HealthLake: makes the run look at once.',
    });
  }

  get facts(): RunSettings {
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
   * @param budget - how long to try while workers live, in milliseconds
   * @throws ActivityFailure with the AWS exception as its cause
   */
  read<Input, Output>(
    summary: string,
    activity: ProxiedActivity<Input, Output>,
    input: Input,
    budget = this.facts.readBudget,
  ): Promise<Output> {
    return this.#attended(activity, input, { summary, scheduleToCloseTimeout: budget });
  }

  /**
   * A read of much data: files in S3, of which there may be a million, or a blob of 50 MB. An attempt may go on for as long as it
   * heartbeats; the next one can go on where it stopped.
   *
   * @param budget - how long to try in all, in milliseconds
   */
  readFiles<Input, Output>(
    summary: string,
    activity: ProxiedActivity<Input, Output>,
    input: Input,
    budget = 6 * HOUR,
  ): Promise<Output> {
    return this.#attended(activity, input, {
      summary,
      startToCloseTimeout: HOUR,
      scheduleToCloseTimeout: budget,
      heartbeatTimeout: this.facts.startToClose,
    });
  }

  /**
   * One attempt of a call that changes something: whether there is another is for `startOnce` and `mutateOnce`. It is never
   * cancelled on its way: whether it took effect would be unknown.
   *
   * @param budget - how long it may wait for a worker, in milliseconds
   * @throws ActivityFailure with the AWS exception as its cause, or a time-out where nobody has answered
   */
  async change<Input, Output>(
    summary: string,
    activity: ProxiedActivity<Input, Output>,
    input: Input,
    budget: number,
  ): Promise<Output> {
    const [step] = summary.split(' ');
    const wasInDoubt = this.#inDoubt === step;
    this.#inDoubt = step;
    try {
      const output = await this.#call(activity, input, {
        summary,
        // Running out, it tells that nothing was sent.
        scheduleToStartTimeout: budget,
        scheduleToCloseTimeout: budget + this.facts.startToClose,
        cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        retry: { maximumAttempts: 1 },
      });
      this.#inDoubt = undefined;
      return output;
    } catch (error) {
      const refused = awsDetailsOf(error).effect !== 'unknown';
      // What this attempt was told says nothing of an earlier one that was told nothing.
      if (refused && !wasInDoubt) this.#inDoubt = undefined;
      throw error;
    }
  }

  /** Notes ids that the run has learnt: for the query, the failure and, where the namespace has them, for search. */
  know(ids: Record<string, string>): void {
    const before = this.board.now.ids;
    this.board.show({ ids: { ...before, ...ids } });
    const news = Object.entries(ids).filter(([id, value]) => value !== before[id]);
    this.#tag(Object.fromEntries(news));
  }

  /** Notes how an import has ended, where people look first: to Temporal a partial import is `COMPLETED`. */
  conclude(outcome: string): void {
    this.board.show({ outcome });
    this.#tag({ outcome });
  }

  /** Has search attributes set, as far as the values have any. */
  #tag(values: Readonly<Record<string, string>>): void {
    for (const [of, name] of Object.entries(OUR_SEARCH_ATTRIBUTES)) {
      const value = values[of];
      if (value === undefined) continue;
      this.#unpublished.push({ key: defineSearchAttributeKey(name, 'KEYWORD'), value });
    }
    if (this.#unpublished.length > 0) this.#published = this.#published.then(() => this.#publish());
  }

  /** Resolves once the run can be found by all that it knows, as far as it can at all. */
  get published(): Promise<void> {
    return this.#published;
  }

  /** Sets the search attributes that wait for it. What the namespace has is asked each time: it may have changed since. */
  async #publish(): Promise<void> {
    if (this.#unpublished.length === 0) return;
    // Not cancelled with the run, which ends as soon as this is done.
    const settable = await CancellationScope.nonCancellable(() =>
      searchAttributes.executeWithOptions({ summary: '+searchAttributes' }, []),
    ).catch((error: unknown): string[] => {
      // A worker that does not tell leaves the run without them.
      if (originOf(error)) return [];
      throw error;
    });
    const attributes = this.#unpublished.splice(0).filter(({ key }) => settable.includes(key.name));
    if (attributes.length > 0) upsertSearchAttributes(attributes);
  }

  /** Notes that it is known by now whether the last change took effect. */
  settleDoubt(): void {
    this.#inDoubt = undefined;
  }

  /** Notes what the run has found out already, so that it is not lost where a later step fails. */
  hold(result: object): void {
    this.#result = result;
  }

  /** Notes something that the run has made in AWS, and how it is removed. */
  leave(left: Left): void {
    this.#left.set(left.what, left);
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
    return { step, status, ids, ...this.#leftovers, ...(this.#result && { result: this.#result }) };
  }

  get #leftovers(): { left?: Left[] } {
    return this.#left.size > 0 ? { left: [...this.#left.values()] } : {};
  }

  /** Cancelling a run stops the waiting, not what AWS does. (The text of a `CancelledFailure` never arrives; a memo does.) */
  noteCancellation(): void {
    const { importWorkflowId } = this.board.now.ids;
    const memo = {
      // Its own memo says what goes on.
      ...(importWorkflowId !== undefined && { importWorkflowId }),
      ...(this.underWay && { ...this.underWay, stillRunning: true }),
      ...(this.#inDoubt !== undefined && { inDoubt: this.#inDoubt }),
      ...this.#leftovers,
    };
    if (Object.keys(memo).length > 0) upsertMemo(memo);
    this.warn(
      this.underWay ? `cancelled; ${Object.values(this.underWay)[0]} goes on inside AWS` : 'cancelled',
    );
  }

  /** Makes a call that changes nothing, and makes it again where its time ran out and nobody had answered. */
  async #attended<Input, Output>(
    activity: ProxiedActivity<Input, Output>,
    input: Input,
    options: ActivityOptions & { summary: string },
  ): Promise<Output> {
    const cancellationType = ActivityCancellationType.TRY_CANCEL;
    for (let rounds = 1; ; rounds++) {
      try {
        return await this.#call(activity, input, { ...options, cancellationType });
      } catch (error) {
        if (!isUnattended(error) || rounds === MOST_ROUNDS) throw error;
      }
    }
  }

  #call<Input, Output>(
    activity: ProxiedActivity<Input, Output>,
    input: Input,
    options: ActivityOptions & { summary: string },
  ): Promise<Output> {
    this.board.enter(options.summary.split(' ')[0] ?? '');
    assertRoomInHistory();
    return activity.executeWithOptions(
      {
        startToCloseTimeout: this.facts.startToClose,
        retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '30 seconds' },
        ...options,
      },
      [input],
    );
  }

  /** Takes nothing on trust: a handler that throws would block the run, and the signal stays in its history. */
  #onEvent(event: unknown): void {
    if (!isRecord(event) || typeof event['detailType'] !== 'string' || !isRecord(event['ids'])) {
      log.warn('An awsEvent signal without detailType and ids was passed over.');
      return;
    }
    const detailType = cutText(event['detailType'], MOST_BYTES_OF_STATUS);
    const own = this.board.now.ids;
    // EventBridge spells the id of an image set with a small s.
    const { imagesetId: imageSetId, ...others } = event['ids'];
    const named = Object.entries({ imageSetId, ...others }).filter(([, id]) => id !== undefined);
    const isOurs = named.some(([name, id]) => id === own[name]);
    const isOthers = named.some(
      ([name, id]) => id !== own[name] && (Object.hasOwn(own, name) || OF_ONE_THING.has(name)),
    );
    if (!isOurs || isOthers) return;
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
  name: string,
  input: unknown,
  steps: (flow: Flow) => Promise<Result>,
): Promise<Result> {
  const flow = new Flow(name);
  try {
    await flow.checkInput(input);
    return boundedResult(await steps(flow));
  } catch (error) {
    if (isCancellation(error) || CancellationScope.current().consideredCancelled) {
      flow.noteCancellation();
      // A call that failed after the run was cancelled is not why the run ends.
      throw isCancellation(error) ? error : new CancelledFailure('cancelled');
    }
    flow.board.show({ lastError: originOf(error)?.type ?? undefined });
    throw boundedFailure(failureOfRun(error, flow.whereabouts));
  } finally {
    await flow.published;
  }
}

/**
 * The client token of a step, where the input has none. Of the run, not of its first execution: cron firings, retries
 * and resets share that one, and would be given an old job back. Legal in both services (36 + 1 + step ≤ 64).
 */
export function tokenFor(step: string): string {
  return `${workflowInfo().runId}-${step}`;
}

/** The clocks of AWS and of Temporal may differ, and a service may give whole seconds. */
export const CLOCK_SKEW = 5_000;

/** They differ by no more than this; what is older was there before us. In between nobody knows. */
export const WORST_CLOCK_SKEW = 60_000;

/** Whether something that AWS has a time for came after this run began. (Not its first execution: a retry is a new run.) */
export function isOfThisRun(time: string | undefined, skew = CLOCK_SKEW): boolean {
  return time !== undefined && Date.parse(time) >= workflowInfo().runStartTime.getTime() - skew;
}

/** The job's name, where the input has none: the workflow id if the service takes it (scheduled ids hold a `:`). */
export function derivedJobName(): string {
  const { workflowId, runId } = workflowInfo();
  return /^[A-Za-z0-9._/-]{1,64}$/.test(workflowId) ? workflowId : `ahw-${runId}`;
}
