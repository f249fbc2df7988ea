import { createHash } from 'node:crypto';
import type { EntityKind } from './control.ts';
import { createQueue, queueArn, queues } from './sqs/queue.ts';
import { messages } from './sqs/message.ts';
import type { Queues } from './sqs/queues.ts';
import type { Table } from './table.ts';
import { NEVER, past, type Phase, type Timeline } from './timeline.ts';
import type { World } from './world.ts';

/** What EventBridge tells of a change of state, without the members that all events have. */
export interface Occurrence {
  readonly detailType: string;
  /** The ARN of what the event is about. */
  readonly resource: string;
  readonly detail: object;
}

/** How the states of one kind of entity become events. */
export interface EventSource<E extends Timeline<Phase>> {
  readonly kind: EntityKind;
  /** Such as `aws.healthlake`. */
  readonly source: string;
  readonly detailTypes: readonly string[];
  /** The event of an entity that enters a phase; nothing for a state without an event. */
  readonly toEvent: (world: World, entity: E, phase: E['phases'][number]) => Occurrence | undefined;
}

/** How long an event that the next one overtakes is kept, if there is no next one. */
const OVERTAKEN_AFTER_MS = 1000;

/**
 * Sends an EventBridge event to the queue of the setting `eventQueue` for each state that an entity enters.
 *
 * An entity stores the times of its states, those of future states too. What has been sent is stored with it in one commit. So a
 * SIGKILL loses no event: an event that was due is sent after the restart, with the time at which it was due.
 */
export class Events {
  readonly #world: World;
  readonly #queues: Queues;
  readonly #detailTypes = new Set<string>();
  /** For each entity that has states to come: how many of its phases have been announced. */
  readonly #announced: Table<number>;
  readonly #resumes: (() => void)[] = [];
  /** The messages of events that the next event is to overtake. */
  #overtaken: string[] = [];

  constructor(world: World, stored: Queues) {
    this.#world = world;
    this.#queues = stored;
    this.#announced = world.store.table('announcedPhases');
  }

  get #isOn(): boolean {
    return this.#world.settings.eventQueue !== '';
  }

  /** Whether there are events of this type. */
  knows(detailType: string): boolean {
    return this.#detailTypes.has(detailType);
  }

  /**
   * Makes the queue if it is not there, and schedules the events that are due later: at the start, and when the setting changes.
   */
  begin(): void {
    const { eventQueue } = this.#world.settings;
    if (!this.#isOn) return;
    if (!queues(this.#world).get(eventQueue)) makeEventQueue(this.#world, eventQueue);
    for (const resume of this.#resumes) resume();
  }

  /** @param id - makes the id of the event */
  #send(source: string, id: string, time: number, { detailType, resource, detail }: Occurrence): void {
    const { accountId, region } = this.#world.settings;
    const event = {
      version: '0',
      id: uuidOf(`${id}/${time}`),
      'detail-type': detailType,
      source,
      account: accountId,
      time: `${new Date(time).toISOString().slice(0, 19)}Z`,
      region,
      resources: [resource],
      detail,
    };
    this.#deliver(detailType, JSON.stringify(event));
  }

  /** Sends the events of all entities of a kind, from now on. */
  follow<E extends Timeline<Phase>>({ kind, source, detailTypes, toEvent }: EventSource<E>): void {
    const entities = this.#world.store.table<E>(kind);
    for (const detailType of detailTypes) this.#detailTypes.add(detailType);

    const announce = (id: string, entity: E, announced: number): void => {
      const key = `${kind}/${id}`;
      const begun = past(entity, Date.now()).length;
      for (let i = this.#announced.get(key) ?? announced; i < begun; i++) {
        const phase = entity.phases[i];
        const occurrence = phase && toEvent(this.#world, entity, phase);
        if (occurrence) this.#send(source, `${key}/${i}`, phase.from, occurrence);
      }
      const next = entity.phases[begun];
      if (next) this.#announced.put(key, begun);
      else if (this.#announced.get(key) !== undefined) this.#announced.delete(key);
      this.#world.agenda.enter(`events/${key}`, next?.from ?? NEVER, () => resume(id));
    };

    const resume = (id: string): Promise<void> => {
      const entity = entities.get(id);
      if (entity && this.#isOn) announce(id, entity, entity.phases.length);
      return this.#world.store.commit();
    };

    entities.watch((id, entity, before) => {
      if (this.#isOn) announce(id, entity, before ? past(before, Date.now()).length : 0);
    });
    this.#resumes.push(() => {
      for (const [id, entity] of entities.entries()) announce(id, entity, past(entity, Date.now()).length);
    });
  }

  #deliver(detailType: string, body: string): void {
    const { faults, settings } = this.#world;
    // EventBridge drops events for a queue that was deleted, too.
    if (!queues(this.#world).get(settings.eventQueue)) return;
    const put = (delayMs = 0) => this.#queues.send(settings.eventQueue, { body, delayMs });
    const fault = faults.take('event', detailType) ?? faults.take('event', ANY_EVENT);
    switch (fault?.how) {
      case 'lose':
        return;
      case 'delay':
        put(fault.ms);
        return;
      case 'reorder':
        this.#overtaken.push(put(OVERTAKEN_AFTER_MS).messageId);
        return;
      case 'duplicate':
        put();
        break;
      case undefined:
    }
    put();
    this.#releaseOvertaken();
  }

  #releaseOvertaken(): void {
    const found = this.#overtaken.flatMap((id) => messages(this.#world).get(id) ?? []);
    this.#overtaken = [];
    const now = Date.now();
    for (const message of found)
      if (message.visibleAt > now) this.#queues.put({ ...message, visibleAt: now });
  }
}

/** The operation under which {@link Faults} has the faults of events of any type. */
export const ANY_EVENT = 'any event';

/** Makes a queue with a dead-letter queue, as deploy/events.yaml does. */
function makeEventQueue(world: World, name: string): void {
  const deadLetters = `${name}-dead-letters`;
  if (!queues(world).get(deadLetters)) createQueue(world, deadLetters);
  const deadLetterTargetArn = queueArn(world, deadLetters);
  createQueue(world, name, { RedrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount: 5 }) });
}

function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
}
