import {
  CancellationScope,
  CancelledFailure,
  condition,
  isCancellation,
  log,
  sleep,
  upsertMemo,
} from '@temporalio/workflow';
import type { Pacing, WaitKind } from '../../pacing/pacing.ts';
import { pacingOf, type Polling } from '../../pacing/polling.ts';
import { AwsEvents } from './aws-event.ts';
import { boundedFailure, boundedResult } from './bounds.ts';
import { Calls } from './calls.ts';
import { failureOfRun, originOf, type Left } from './failures.ts';
import { SearchTags } from './search-attributes.ts';

/**
 * One run of a flow: how it calls AWS (see {@link Calls}), what it knows, where it stands, and what it would leave behind.
 *
 * Made by {@link runFlow} alone, which also turns every error into the run's one failure.
 */
export class Flow extends Calls {
  readonly #events = new AwsEvents(this.board);
  readonly #tags = new SearchTags();
  readonly #left = new Map<string, Left>();
  /** What goes on inside AWS when the run is cancelled, by id: imports cannot be cancelled there. */
  underWay: { awsJobId: string } | { awsImageSetId: string } | { awsDatastoreId: string } | undefined;
  /** The step whose change AWS may or may not have applied. */
  #inDoubt: string | undefined;
  #result: object | undefined;
  /** How many reads the waits of this run have made so far, all together. */
  readsInWaits = 0;

  /** How a kind of wait is paced in this run. */
  pacing(kind: WaitKind, polling: Polling | undefined): Pacing {
    return pacingOf(kind, polling, { hadEvent: this.#events.received, rules: this.facts.rules });
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
