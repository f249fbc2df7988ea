/**
 * Lets calls through, except while a reset or a copy needs the state to itself. Calls that come meanwhile wait, and are executed
 * as usual afterwards.
 */
export class Gate {
  #running = 0;
  #shut: Promise<void> | undefined;
  #onIdle = () => {};

  /** Resolves as soon as the gate is open. */
  async opened(): Promise<void> {
    while (this.#shut) await this.#shut;
  }

  async pass<T>(work: () => Promise<T>): Promise<T> {
    if (this.#shut) await this.opened();
    this.#running++;
    try {
      return await work();
    } finally {
      this.#running--;
      if (this.#running === 0) this.#onIdle();
    }
  }

  /**
   * Does work while new calls wait. Calls under way may end first, but the work does not wait longer than `patienceMs` for them:
   * a held call, or an upload by a client that has stopped sending, would otherwise block everybody.
   */
  async shut<T>(patienceMs: number, work: () => Promise<T>): Promise<T> {
    await this.opened();
    let open = () => {};
    this.#shut = new Promise((resolve) => (open = resolve));
    try {
      if (this.#running > 0) await this.#idle(patienceMs);
      return await work();
    } finally {
      this.#shut = undefined;
      open();
    }
  }

  #idle(patienceMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, patienceMs);
      this.#onIdle = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
