import { randomUUID } from 'node:crypto';
import type { World } from '../world.ts';
import { noSuchQueue } from './errors.ts';
import { Line } from './line.ts';
import { messages, messagesOf, type Attributes, type Message } from './message.ts';
import { numberOf, queueArn, queues, redriveOf, type Queue } from './queue.ts';

interface Sending {
  readonly body: string;
  readonly attributes?: Attributes;
  readonly traceHeader?: string | undefined;
  readonly delayMs?: number;
}

interface Receiving {
  readonly max: number;
  readonly waitMs: number;
  readonly visibilityMs: number;
  /** Ends the wait when the client is not there any more, so that no message goes to a broken connection. */
  readonly gone?: AbortSignal | undefined;
}

/** The messages of all queues. The order in which they can be received is in memory, and follows from the stored messages. */
export class Queues {
  readonly #world: World;
  readonly #lines = new Map<string, Line>();
  /** Counts the calls of {@link endPolls}. */
  #ended = 0;

  constructor(world: World) {
    this.#world = world;
  }

  send(queue: string, { body, attributes = {}, traceHeader, delayMs = 0 }: Sending): Message {
    const sentAt = Date.now();
    return this.put({
      messageId: randomUUID(),
      queue,
      body,
      attributes,
      traceHeader,
      sentAt,
      visibleAt: sentAt + delayMs,
      receiveCount: 0,
    });
  }

  /** Stores a message that is new, or whose queue or `visibleAt` has changed. */
  put(message: Message): Message {
    messages(this.#world).put(message.messageId, message);
    this.#line(message.queue).enter(message);
    return message;
  }

  delete({ queue, messageId }: Message): void {
    messages(this.#world).delete(messageId);
    this.#line(queue).leave(messageId);
  }

  /** Deletes all messages of a queue, and ends the receives that wait for one. */
  purge(queue: string): void {
    for (const message of messagesOf(this.#world, queue)) this.delete(message);
    this.#line(queue).wake();
  }

  /**
   * Receives messages. If there is none, waits for the first.
   *
   * @throws ServiceError if the queue is deleted meanwhile
   */
  async receive(name: string, { max, waitMs, visibilityMs, gone }: Receiving): Promise<Message[]> {
    const until = Date.now() + waitMs;
    const ended = this.#ended;
    for (;;) {
      const queue = queues(this.#world).get(name);
      if (!queue) throw noSuchQueue();
      if (gone?.aborted) return [];
      const received = this.#take(queue, max, visibilityMs);
      if (received.length > 0 || Date.now() >= until || ended < this.#ended) return received;
      await this.#line(name).change(until, gone);
    }
  }

  /** Answers all receives that wait, without a message. A reset or the end of the server would otherwise wait for them. */
  endPolls(): void {
    this.#ended++;
    for (const line of this.#lines.values()) line.wake();
  }

  #take(queue: Queue, max: number, visibilityMs: number): Message[] {
    const taken: Message[] = [];
    for (const id of this.#line(queue.name).due()) {
      const message = messages(this.#world).get(id);
      if (!message) continue;
      if (isExpired(queue, message)) this.delete(message);
      else if (!this.#redriven(queue, message)) taken.push(message);
      if (taken.length === max) break;
    }
    return taken.map((message) => {
      const now = Date.now();
      return this.put({
        ...message,
        receiveCount: message.receiveCount + 1,
        firstReceivedAt: message.firstReceivedAt ?? now,
        visibleAt: now + visibilityMs,
      });
    });
  }

  /**
   * Moves a message to the dead-letter queue if it was received as often as the redrive policy allows. SQS does that at the next
   * receive, and the message keeps its id, its time and its number of receives.
   */
  #redriven(queue: Queue, message: Message): boolean {
    const redrive = redriveOf(queue);
    if (!redrive || message.receiveCount < redrive.maxReceiveCount) return false;
    if (redrive.to === queue.name || !queues(this.#world).get(redrive.to)) return false;
    const deadLetterSource = queueArn(this.#world, queue.name);
    this.put({ ...message, queue: redrive.to, visibleAt: Date.now(), deadLetterSource });
    return true;
  }

  /** The line of a queue. After a start it is made of the stored messages, the oldest first. */
  #line(queue: string): Line {
    let line = this.#lines.get(queue);
    if (!line) {
      this.#lines.set(queue, (line = new Line()));
      const stored = [...messagesOf(this.#world, queue)].sort((a, b) => a.sentAt - b.sentAt);
      for (const message of stored) line.enter(message);
    }
    return line;
  }
}

/** Whether the retention period of a message has ended. It counts from the first send, in a dead-letter queue too. */
export const isExpired = (queue: Queue, { sentAt }: Message) =>
  Date.now() >= sentAt + 1000 * numberOf(queue, 'MessageRetentionPeriod');
