import { defineSignal, log, setHandler } from '@temporalio/workflow';
import { isRecord } from '../../lib/guards.ts';
import { cutText } from '../../lib/size.ts';
import type { ProgressBoard } from './progress.ts';

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

/** A signal may hold 2 MB, and its detail type is shown in the query, in the current details and in the run's failure. */
const MOST_BYTES_OF_STATUS = 200;

/** The events that a run has received about the resources it knows. */
export class AwsEvents {
  readonly #board: ProgressBoard;
  /** Whether one has ever come: then reads are only a safety net. */
  received = false;
  /** Whether one has come that makes a read worth while, and no read since. */
  pending = false;

  constructor(board: ProgressBoard) {
    this.#board = board;
    setHandler(awsEventSignal, (event) => this.#take(event), {
      description: 'An EventBridge event of HealthImaging or HealthLake: makes the run read at once.',
    });
  }

  /** Takes any payload: a handler that throws would block the run, and the signal stays in its history. */
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
    // EventBridge spells the id of an image set with a lower-case s.
    const { imagesetId: imageSetId, ...others } = ids;
    const named = Object.entries({ imageSetId, ...others }).filter(([, id]) => id !== undefined);
    const isAnothers = ([name, id]: [string, unknown]) =>
      id !== own[name] && (Object.hasOwn(own, name) || OF_ONE_THING.has(name));
    return named.some(([name, id]) => id === own[name]) && !named.some(isAnothers);
  }
}
