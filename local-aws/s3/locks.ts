/** Lets work on the same thing run one after the other. */
export class Locks {
  readonly #last = new Map<string, Promise<unknown>>();

  async run<T>(name: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(name) ?? Promise.resolve();
    const done = before.then(work);
    const settled = done.catch(() => {});
    this.#last.set(name, settled);
    await settled;
    if (this.#last.get(name) === settled) this.#last.delete(name);
    return done;
  }
}
