import { PriorityQueue } from '../../src/lib/priority-queue.ts';
import type { Message } from './message.ts';

/** The longest delay of a timer. Whoever waits longer looks again in between. */
const LONGEST_MS = 60_000;

interface Place {
  readonly id: string;
  /** The time from which on the message can be received. */
  readonly at: number;
}

/** The messages of a queue in the order in which they can be received, and the receives that wait for one. */
export class Line {
  readonly #order = new PriorityQueue<Place>((a, b) => a.at - b.at);
  /** The place of each message. The places in `#order` that are not here any more do not count. */
  readonly #places = new Map<string, Place>();
  readonly #waiting = new Set<() => void>();

  /** Gives a message its place, or another one if its `visibleAt` has changed. */
  enter({ messageId, visibleAt }: Message): void {
    const place = { id: messageId, at: visibleAt };
    this.#places.set(messageId, place);
    this.#order.push(place);
    this.wake();
  }

  leave(messageId: string): void {
    this.#places.delete(messageId);
  }

  /** Takes the messages out of the line that can be received now, one by one, and returns their ids. */
  *due(): Generator<string> {
    for (let first = this.#order.peek(); first && first.at <= Date.now(); first = this.#order.peek()) {
      this.#order.pop();
      if (this.#places.get(first.id) !== first) continue;
      this.leave(first.id);
      yield first.id;
    }
  }

  /** Resolves when a message may have become visible, at `until`, or when the client is gone. */
  change(until: number, gone: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const next = Math.min(until, this.#order.peek()?.at ?? until);
      const end = () => {
        clearTimeout(timer);
        gone?.removeEventListener('abort', end);
        this.#waiting.delete(end);
        resolve();
      };
      const timer = setTimeout(end, Math.min(Math.max(next - Date.now(), 0), LONGEST_MS));
      gone?.addEventListener('abort', end);
      this.#waiting.add(end);
    });
  }

  wake(): void {
    for (const end of this.#waiting) end();
  }
}
