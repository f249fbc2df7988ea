import {
  type ActivityOptions,
  ActivityCancellationType,
  CancellationScope,
  CancelledFailure,
  condition,
  isCancellation,
  log,
  sleep,
  upsertMemo,
} from '@temporalio/workflow';
import type { RunFacts } from '../../activities/check-input.ts';
import type { Pacing, WaitKind } from '../../pacing/pacing.ts';
import { pacingOf, type Polling } from '../../pacing/polling.ts';
import { DEFAULT_RULES } from '../../pacing/rules.ts';
import { checkInput } from './activities.ts';
import { AwsEvents } from './aws-event.ts';
import { failureOfRun, isUnanswered, isUnattended, originOf, type Left } from './failures.ts';
import { ProgressBoard } from './progress.ts';
import { SearchTags } from './search-attributes.ts';

/** An activity as a proxy has it. */
interface ProxiedActivity<Input, Output> {
  executeWithOptions(options: ActivityOptions, args: [Input]): Promise<Output>;
}

type CallOptions = ActivityOptions & { summary: string };

/**
 * Temporal does not retry an attempt that timed out, but tells the workflow, which knows what that means: a change may have
 * taken effect, and a read has to be counted.
 */
const TIMEOUTS = ['TemporalTimeout:StartToClose', 'TemporalTimeout:Heartbeat'];

/**
 * One run of a flow: how it calls AWS, what it knows, where it stands, and what it would leave behind.
 *
 * Made by {@link runFlow} alone, which also turns every error into the run's one failure.
 */
export class Flow {
  readonly board = new ProgressBoard();
  readonly #events = new AwsEvents(this.board);
  readonly #tags = new SearchTags();
  readonly #left = new Map<string, Left>();
  /** What goes on inside AWS when the run is cancelled, by id: imports cannot be cancelled there. */
  underWay: { awsJobId: string } | { awsImageSetId: string } | { awsDatastoreId: string } | undefined;
  /** The step whose change AWS may or may not have applied. */
  #inDoubt: string | undefined;
  #result: object | undefined;
  #facts: RunFacts | undefined;

  constructor(readonly name: string) {}

  /** What was recorded as the run began. */
  get facts(): RunFacts {
    if (!this.#facts) throw new Error('The facts are there only once the input has been checked.');
    return this.#facts;
  }

  async checkInput(input: unknown): Promise<void> {
    const facts = await checkInput.executeWithOptions({ summary: '+checkInput' }, [this.name, input]);
    // A record of an earlier version lacks the rules that came later.
    this.#facts = { ...facts, rules: { ...DEFAULT_RULES, ...facts.rules } };
  }

  /** How a kind of wait is paced in this run. */
  pacing(kind: WaitKind, polling: Polling | undefined): Pacing {
    return pacingOf(kind, polling, { hadEvent: this.#events.received, rules: this.facts.rules });
  }

  /**
   * One call that changes nothing. Temporal retries it by the table in `activities/aws-errors.ts`.
   *
   * @param summary - begins with the document's step id, or with `+` for a call that the document does not have
   * @param budget - how long to try while workers live, in milliseconds
   * @throws ActivityFailure with the AWS exception as its cause
   */
  async read<Input, Output>(
    summary: string,
    activity: ProxiedActivity<Input, Output>,
    input: Input,
    budget = this.facts.readBudget,
  ): Promise<Output> {
    const { startToClose } = this.facts;
    const options = {
      summary,
      scheduleToStartTimeout: budget,
      scheduleToCloseTimeout: budget + startToClose,
      cancellationType: ActivityCancellationType.TRY_CANCEL,
      retry: { nonRetryableErrorTypes: TIMEOUTS },
    };
    for (let spent = startToClose; ; spent += startToClose) {
      try {
        return await this.#attended(activity, input, options);
      } catch (error) {
        if (!isUnanswered(error) || spent >= budget) throw error;
      }
    }
  }

  /**
   * A read of many files in S3, of a long list, or of a large blob. An attempt may go on for as long as it heartbeats; the
   * next one can go on where it stopped.
   */
  readLong<Input, Output>(
    summary: string,
    activity: ProxiedActivity<Input, Output>,
    input: Input,
  ): Promise<Output> {
    const { rules, startToClose: heartbeatTimeout } = this.facts;
    const { startToClose: startToCloseTimeout, scheduleToClose: scheduleToCloseTimeout } = rules.files;
    return this.#attended(activity, input, {
      summary,
      startToCloseTimeout,
      scheduleToCloseTimeout,
      heartbeatTimeout,
      cancellationType: ActivityCancellationType.TRY_CANCEL,
    });
  }

  /**
   * One attempt of a call that changes something, for {@link once}. Temporal retries it while AWS refuses it for now, such as
   * by throttling. It does not retry it after a lost reply.
   *
   * It is not cancelled in flight, because the run could no longer tell whether AWS has applied it.
   *
   * @param budget - how long it may wait for a worker, and be retried, in milliseconds
   * @throws ActivityFailure with the AWS exception as its cause, or a time-out where nobody has answered
   */
  change<Input, Output>(
    summary: string,
    activity: ProxiedActivity<Input, Output>,
    input: Input,
    budget: number,
  ): Promise<Output> {
    return this.#call(activity, input, {
      summary,
      // When this one runs out, nothing was sent.
      scheduleToStartTimeout: budget,
      scheduleToCloseTimeout: budget + this.facts.startToClose,
      cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
      retry: { nonRetryableErrorTypes: TIMEOUTS },
    });
  }

  /** Notes that AWS may have applied the change of a step: who cancels the run then is told so. */
  noteDoubt(step: string): void {
    this.#inDoubt = step;
  }

  /** Notes that it is known by now whether AWS has applied the change of a step. */
  settleDoubt(step: string): void {
    if (this.#inDoubt === step) this.#inDoubt = undefined;
  }

  /** Notes ids that the run has learnt: for the query, the failure and, where the namespace has them, for search. */
  know(ids: Record<string, string>): void {
    const before = this.board.now.ids;
    this.board.show({ ids: { ...before, ...ids } });
    const news = Object.entries(ids).filter(([id, value]) => value !== before[id]);
    this.#tags.tag(Object.fromEntries(news));
  }

  /** Notes how an import has ended, where people look first: to Temporal a partial import is `COMPLETED`. */
  conclude(outcome: string): void {
    this.board.show({ outcome });
    this.#tags.tag({ outcome });
  }

  /** Resolves once the run can be found by all that it knows, as far as its namespace has search attributes for it. */
  get published(): Promise<void> {
    return this.#tags.published;
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
   * Sleeps before the next read of a step, or until an event says that reading is worth while. Two reads are never
   * less than `minimum` apart, however many events come.
   */
  async pause(step: string, milliseconds: number, minimum: number): Promise<void> {
    const since = Date.now();
    const options = { summary: `wait before ${step}` };
    this.board.show({ nextReadAt: new Date(since + milliseconds).toISOString() });
    if (await condition(() => this.#events.pending, milliseconds, options)) {
      const tooEarly = since + Math.min(minimum, milliseconds) - Date.now();
      if (tooEarly > 0) await sleep(tooEarly, options);
    }
    this.#events.pending = false;
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

  /** Makes a call, and schedules it again where no worker was there for it. A call that stops every worker must end, too. */
  async #attended<Input, Output>(
    activity: ProxiedActivity<Input, Output>,
    input: Input,
    options: CallOptions,
  ): Promise<Output> {
    for (let rounds = 1; ; rounds++) {
      try {
        return await this.#call(activity, input, options);
      } catch (error) {
        if (!isUnattended(error) || rounds === this.facts.rules.unattendedRounds) throw error;
      }
    }
  }

  #call<Input, Output>(
    activity: ProxiedActivity<Input, Output>,
    input: Input,
    { retry, ...options }: CallOptions,
  ): Promise<Output> {
    this.board.enter(options.summary.split(' ')[0] ?? '');
    return activity.executeWithOptions(
      {
        startToCloseTimeout: this.facts.startToClose,
        // The delay between attempts comes with each failure; these hold for failures without one.
        retry: {
          initialInterval: '1 second',
          backoffCoefficient: 2,
          maximumInterval: '30 seconds',
          ...retry,
        },
        ...options,
      },
      [input],
    );
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
    return await steps(flow);
  } catch (error) {
    if (isCancellation(error) || CancellationScope.current().consideredCancelled) {
      flow.noteCancellation();
      // A call that failed after the run was cancelled is not why the run ends.
      throw isCancellation(error) ? error : new CancelledFailure('cancelled');
    }
    flow.board.show({ lastError: originOf(error)?.type ?? undefined });
    throw failureOfRun(error, flow.whereabouts);
  } finally {
    await flow.published;
  }
}
