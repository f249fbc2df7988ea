import { NEVER } from './timeline.ts';

/** Longer than that and `setTimeout` fires at once. */
const longestTimer = 2 ** 31 - 1;

/**
 * Runs work at its time. The agenda itself is not durable: what is due stands in the entities, and whoever owns them
 * enters it here again after a restart. Work must therefore be safe to run twice.
 */
export class Agenda {
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #running = new Set<Promise<void>>();
  #closed = false;
  readonly #onError: (key: string, error: unknown) => void;

  constructor(onError: (key: string, error: unknown) => void) {
    this.#onError = onError;
  }

  /** Enters work for a time, in place of what the key was entered for before. */
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

  /** Drops what is still to come and waits for what is going on. */
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
