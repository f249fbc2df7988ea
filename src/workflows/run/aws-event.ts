import { defineSignal, log, setHandler } from '@temporalio/workflow';
import { isTerminalEvent, type AwsEvent } from '../../lib/aws-event.ts';
import { isRecord } from '../../lib/guards.ts';
import { cutText } from '../../lib/size.ts';
import type { WaitKind } from '../../pacing/pacing.ts';
import type { ProgressBoard } from './progress.ts';

/** A hint that the run may read now. The run never takes a state from it. */
export const awsEventSignal = defineSignal<[AwsEvent]>('awsEvent');

/** An event with one of the first two ids is about that job or image set, and one with only the last about the data store. */
const THINGS = ['jobId', 'imageSetId', 'datastoreId'] as const;
type Thing = (typeof THINGS)[number];

/** For each kind of wait, which id in an event names the resource that the run waits for. */
const WAITS_FOR: Readonly<Record<WaitKind, Thing>> = {
  dicomJob: 'jobId',
  fhirJob: 'jobId',
  imageSet: 'imageSetId',
  imagingDatastore: 'datastoreId',
  fhirDatastore: 'datastoreId',
};

/** How many events a run keeps that arrive before it knows its own ids. An event may be faster than the reply of AWS. */
const MOST_UNCLAIMED = 20;

/** A signal may be 2 MB large, and its detail type is in the query, the current details and the run's failure. */
const MOST_BYTES_OF_STATUS = 200;

interface Received {
  thing: Thing;
  detailType: string;
  isTerminal: boolean;
  ids: Readonly<Record<string, unknown>>;
}

/** The events that a run has received about its resources. */
export class AwsEvents {
  readonly #board: ProgressBoard;
  #unclaimed: Received[] = [];
  /** What events were about. */
  readonly #heardOf = new Set<Thing>();
  /** When the first event arrived that said that something has reached a final state, in milliseconds since 1970. */
  readonly #endedAt = new Map<Thing, number>();
  /** Whether an event of a final state has arrived since the last read. */
  pending = false;
  /** Whether it was the first one about its resource. Then the run reads at once, however short the time since its last read. */
  urgent = false;

  constructor(board: ProgressBoard) {
    this.#board = board;
    setHandler(awsEventSignal, (event) => this.#take(event), {
      description: 'An EventBridge event of HealthImaging or HealthLake: makes the run read at once.',
    });
  }

  /** Whether an event has arrived about what such a wait waits for, so that another will announce its end. */
  hasHeardOf(kind: WaitKind): boolean {
    return this.#heardOf.has(WAITS_FOR[kind]);
  }

  /** When an event said that what such a wait waits for has reached a final state, in milliseconds since 1970. */
  endedAt(kind: WaitKind): number | undefined {
    return this.#endedAt.get(WAITS_FOR[kind]);
  }

  /** Called when the run reads: the events until now have had their effect. */
  clear(): void {
    this.pending = false;
    this.urgent = false;
  }

  /** Takes the events that had arrived before the run knew the ids that it knows now. */
  claim(): void {
    const unclaimed = this.#unclaimed;
    this.#unclaimed = [];
    for (const event of unclaimed) this.#sort(event);
  }

  /** Accepts any payload: if the handler threw, the workflow task would fail again at every retry, and the run would stop. */
  #take(event: unknown): void {
    if (!isRecord(event) || typeof event['detailType'] !== 'string' || !isRecord(event['ids'])) {
      log.warn('An awsEvent signal without detailType and ids was ignored.');
      return;
    }
    // HealthImaging's events spell it `imagesetId`.
    const { imagesetId, ...others } = event['ids'];
    const ids: Received['ids'] = { ...others, ...(imagesetId !== undefined && { imageSetId: imagesetId }) };
    const thing = THINGS.find((name) => ids[name] !== undefined);
    if (!thing) return;
    const detailType = cutText(event['detailType'], MOST_BYTES_OF_STATUS);
    this.#sort({ thing, detailType, isTerminal: isTerminalEvent(detailType), ids });
  }

  #sort(event: Received): void {
    const own: Readonly<Record<string, unknown>> = this.#board.now.ids;
    const isOther = THINGS.some((name) => {
      const id = event.ids[name];
      return id !== undefined && own[name] !== undefined && id !== own[name];
    });
    if (isOther) return;
    if (own[event.thing] === undefined) this.#keep(event);
    else this.#hear(event);
  }

  #hear({ thing, detailType, isTerminal }: Received): void {
    this.#heardOf.add(thing);
    if (!isTerminal) {
      this.#board.show({ status: detailType });
      return;
    }
    this.pending = true;
    if (this.#endedAt.has(thing)) return;
    this.#endedAt.set(thing, Date.now());
    this.urgent = true;
  }

  /** If there are too many, it drops the oldest that only reports progress, or else the oldest. */
  #keep(event: Received): void {
    this.#unclaimed.push(event);
    if (this.#unclaimed.length <= MOST_UNCLAIMED) return;
    const least = this.#unclaimed.findIndex(({ isTerminal }) => !isTerminal);
    this.#unclaimed.splice(Math.max(least, 0), 1);
  }
}
