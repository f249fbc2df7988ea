/**
 * Lets calls through, except while something needs the state to itself, such as a copy of it. Calls that come meanwhile
 * wait, and nobody who has waited can tell that he did.
 */
export class Gate {
  #running = 0;
  #shut: Promise<void> | undefined;
  #onIdle = () => {};

  /** Resolves while the gate is open. */
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
   * Does work while no call is begun. Those under way end first, but for those that take longer than `patienceMs`: a held
   * call, or an upload by a client that has stopped sending, would otherwise stop everybody.
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
