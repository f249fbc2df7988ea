import {
  CancellationScope,
  CancelledFailure,
  condition,
  isCancellation,
  log,
  upsertMemo,
} from '@temporalio/workflow';
import { nextSleep, type Pacing, type WaitKind } from '../../pacing/pacing.ts';
import { pacingOf, type Polling } from '../../pacing/polling.ts';
import { AwsEvents } from './aws-event.ts';
import { boundedFailure, boundedResult } from './bounds.ts';
import { Calls } from './calls.ts';
import { failureOfRun, originOf, type Left } from './failures.ts';
import { SearchTags } from './search-attributes.ts';

/**
 * One run of a flow: its calls to AWS (`calls.ts`), its progress, and what it would leave behind in AWS.
 *
 * Only {@link runFlow} creates one. It also turns every error into the one failure of the run.
 */
export class Flow extends Calls {
  readonly #events = new AwsEvents(this.board);
  readonly #left = new Map<string, Left>();
  readonly tags = new SearchTags();
  /** What AWS continues to work on if the run is cancelled, because AWS cannot cancel it. */
  underWay:
    | { awsJobId: string }
    | { awsJobs: string }
    | { awsImageSetId: string }
    | { awsDatastoreId: string }
    | undefined;
  /** The steps whose change AWS may or may not have applied, for the memo of a cancelled run. */
  readonly inDoubt = new Set<string>();
  /** The result so far, such as the outcome of an import. If a later step fails, it is in the details of the failure. */
  found: object | undefined;
  /** How many reads all waits of this run have made so far. */
  readsInWaits = 0;

  pacing(kind: WaitKind, polling: Polling | undefined): Pacing {
    return pacingOf(kind, polling, { rules: this.facts.rules });
  }

  /**
   * How long to sleep before the next read of a wait, in milliseconds.
   *
   * Once an event has arrived about what the run waits for, another will announce its end, so the run reads rarely. After that
   * one, no further event can be expected, and a read may still show an older state: so the run reads as if the wait had just
   * begun.
   *
   * @param waited - milliseconds since the wait began
   */
  nextSleep(kind: WaitKind, polling: Polling | undefined, waited: number): number {
    const { rules } = this.facts;
    const endedAt = this.#events.endedAt(kind);
    if (endedAt !== undefined)
      return nextSleep(Math.min(waited, Date.now() - endedAt), this.pacing(kind, polling));
    return nextSleep(waited, pacingOf(kind, polling, { hadEvent: this.#events.hasHeardOf(kind), rules }));
  }

  /** Notes that a read has shown a final state, so that it can be told how often events do better than polling. */
  showEnd(kind: WaitKind): void {
    const by = this.#events.endedAt(kind) === undefined ? 'polling' : 'event';
    this.board.show({ endSeen: { by, at: new Date().toISOString() } });
  }

  /** Adds ids to the progress and the failure of the run, and to its search attributes where the namespace has them. */
  know(ids: Record<string, string>): void {
    const before = this.board.now.ids;
    this.board.show({ ids: { ...before, ...ids } });
    this.#events.claim();
    const news = Object.entries(ids).filter(([id, value]) => value !== before[id]);
    this.tags.tag(Object.fromEntries(news));
  }

  /** Shows how an import has ended. Temporal shows a partial import as `COMPLETED`, like a complete one. */
  conclude(outcome: string): void {
    this.board.show({ outcome });
    this.tags.tag({ outcome });
  }

  /** Notes something that the run has created in AWS, and the command that removes it. */
  leave(left: Left): void {
    this.#left.set(left.what, left);
  }

  warn(message: string): void {
    this.board.show({ lastError: message });
    log.warn(message);
  }

  /**
   * Sleeps before the next read of a step. The first event that announces the end ends the sleep at once. Later ones end it too,
   * but never before `minimum` has passed, so that many events do not cause many reads.
   */
  async pause(step: string, milliseconds: number, minimum: number): Promise<void> {
    const since = Date.now();
    const options = { summary: `wait before ${step}` };
    this.board.show({ nextReadAt: new Date(since + milliseconds).toISOString() });
    if (await condition(() => this.#events.pending, milliseconds, options)) {
      const tooEarly = since + Math.min(minimum, milliseconds) - Date.now();
      if (tooEarly > 0) await condition(() => this.#events.urgent, tooEarly, options);
    }
    this.#events.clear();
    this.board.show({ nextReadAt: undefined });
  }

  /** The details of the run's failure. */
  get whereabouts() {
    const { step, status, ids } = this.board.now;
    return { step, status, ids, ...this.#leftovers, ...(this.found && { result: this.found }) };
  }

  get #leftovers(): { left?: Left[] } {
    return this.#left.size > 0 ? { left: [...this.#left.values()] } : {};
  }

  /**
   * Writes into the run's memo what AWS continues to work on, because cancelling the run stops only the waiting. (Temporal does
   * not pass on the message of a `CancelledFailure`.)
   */
  noteCancellation(): void {
    const { importWorkflowId } = this.board.now.ids;
    const [inDoubt] = this.inDoubt;
    const memo = {
      // The child workflow has a memo of its own.
      ...(importWorkflowId !== undefined && { importWorkflowId }),
      ...(this.underWay && { ...this.underWay, stillRunning: true }),
      ...(inDoubt !== undefined && { inDoubt }),
      ...this.#leftovers,
    };
    if (Object.keys(memo).length > 0) upsertMemo(memo);
    this.warn(
      this.underWay ? `cancelled; ${Object.values(this.underWay)[0]} continues inside AWS` : 'cancelled',
    );
  }
}

/**
 * Runs a flow: registers the handlers, checks the whole input, runs the steps, and turns any error into one failure.
 *
 * @throws ApplicationFailure made by `failureOfRun`, or a cancellation
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
      // A call that failed after the cancellation is not the reason why the run ends.
      throw isCancellation(error) ? error : new CancelledFailure('cancelled');
    }
    flow.board.show({ lastError: originOf(error)?.type ?? undefined });
    throw boundedFailure(failureOfRun(error, flow.whereabouts));
  } finally {
    await flow.tags.published;
  }
}
