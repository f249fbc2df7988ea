import { defineSignal, log, setHandler } from '@temporalio/workflow';
import { isRecord } from '../../lib/guards.ts';
import { cutText } from '../../lib/size.ts';
import type { ProgressBoard } from './progress.ts';

/** An EventBridge event, forwarded as a signal. The run only takes it as a hint to read the resource now. */
export interface AwsEvent {
  /** Not used: EventBridge may deliver an event twice, and then the run only reads once more. */
  id: string;
  source: string;
  detailType: string;
  time: string;
  ids: Record<string, string>;
}

export const awsEventSignal = defineSignal<[AwsEvent]>('awsEvent');

/** The detail types of final states. Other events only report progress. */
const TERMINAL_EVENT =
  /(Created|Active|Creation Failed|Deleted|Completed|Completed With Errors|Failed|Copied|Updated)$/;

/** An event with one of these ids is about that job or image set, not about all in the data store. */
const OF_ONE_THING = new Set(['jobId', 'imageSetId']);

/** A signal may be 2 MB large, and its detail type is in the query, the current details and the run's failure. */
const MOST_BYTES_OF_STATUS = 200;

/** The events that a run has received about its resources. */
export class AwsEvents {
  readonly #board: ProgressBoard;
  /** Whether one has arrived: then events are connected, and the run reads less often. */
  received = false;
  /** Whether an event of a final state has arrived since the last read. */
  pending = false;

  constructor(board: ProgressBoard) {
    this.#board = board;
    setHandler(awsEventSignal, (event) => this.#take(event), {
      description: 'An EventBridge event of HealthImaging or HealthLake: makes the run read at once.',
    });
  }

  /** Accepts any payload: if the handler threw, the workflow task would fail again at every retry, and the run would stop. */
  #take(event: unknown): void {
    if (!isRecord(event) || typeof event['detailType'] !== 'string' || !isRecord(event['ids'])) {
      log.warn('An awsEvent signal without detailType and ids was ignored.');
      return;
    }
    if (!this.#isOurs(event['ids'])) return;
    this.received = true;
    const detailType = cutText(event['detailType'], MOST_BYTES_OF_STATUS);
    if (TERMINAL_EVENT.test(detailType)) this.pending = true;
    else this.#board.show({ status: detailType });
  }

  #isOurs(ids: Readonly<Record<string, unknown>>): boolean {
    const own = this.#board.now.ids;
    // HealthImaging's events spell it `imagesetId`.
    const { imagesetId: imageSetId, ...others } = ids;
    const named = Object.entries({ imageSetId, ...others }).filter(([, id]) => id !== undefined);
    const isOther = ([name, id]: [string, unknown]) =>
      id !== own[name] && (Object.hasOwn(own, name) || OF_ONE_THING.has(name));
    return named.some(([name, id]) => id === own[name]) && !named.some(isOther);
  }
}
