import { NEVER } from './timeline.ts';

/** The longest delay of `setTimeout`, in milliseconds. With a longer one, `setTimeout` fires at once. */
const longestTimer = 2 ** 31 - 1;

/**
 * Runs work at a given time. The agenda is in memory only. Each entity, such as a job, stores what is due and when, and its
 * service enters that here again after a restart. Work that a crash interrupts is run a second time, and must therefore be safe
 * to run twice.
 */
export class Agenda {
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #running = new Set<Promise<void>>();
  #closed = false;
  readonly #onError: (key: string, error: unknown) => void;

  constructor(onError: (key: string, error: unknown) => void) {
    this.#onError = onError;
  }

  /** Schedules work for a time, in place of the work that was scheduled with the same key. */
  enter(key: string, time: number, work: () => Promise<void>): void {
    this.cancel(key);
    if (time === NEVER || this.#closed) return;
    const wait = time - Date.now();
    const timer = setTimeout(
      () => {
        this.#timers.delete(key);
        if (wait > longestTimer) this.enter(key, time, work);
        else this.#run(key, work);
      },
      Math.min(Math.max(wait, 0), longestTimer),
    );
    this.#timers.set(key, timer);
  }

  cancel(key: string): void {
    clearTimeout(this.#timers.get(key));
    this.#timers.delete(key);
  }

  /** Cancels the work that has not begun, and waits for the work that is running. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const key of this.#timers.keys()) this.cancel(key);
    await Promise.all(this.#running);
  }

  #run(key: string, work: () => Promise<void>): void {
    const run = work()
      .catch((error: unknown) => this.#onError(key, error))
      .finally(() => this.#running.delete(run));
    this.#running.add(run);
  }
}
