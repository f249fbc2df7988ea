/** Rows by id, all of them in memory. */
export interface Table<T> {
  get(id: string): T | undefined;
  /** In the order of insertion; after a restart in the order of ids. */
  values(): T[];
  entries(): [id: string, row: T][];
  put(id: string, row: T): void;
  delete(id: string): void;
  /**
   * The index of that name, which finds the rows with a key without searching all rows. It is built at its first use, and every
   * later change of the table updates it.
   *
   * @param keysOf - the keys of a row. They must be the same for as long as the row is in the table.
   */
  index(name: string, keysOf: (row: T) => Iterable<string>): Index<T>;
  /** Calls a function after each `put`, with the row that was there before. */
  watch(watcher: Watcher<T>): void;
}

export type Watcher<T> = (id: string, row: T, before: T | undefined) => void;

export interface Index<T> {
  /** The rows that have the key, in no particular order. */
  get(key: string): Iterable<T>;
}

/** A {@link Table} that calls a function for each change. */
export class MemoryTable<T> implements Table<T> {
  readonly #rows: Map<string, T>;
  readonly #indices = new Map<string, RowIndex<T>>();
  readonly #watchers: Watcher<T>[] = [];
  readonly #changed: (id: string, row: T | undefined) => void;

  /** @param changed - is called for each row that is put, and without a row for each that is deleted */
  constructor(rows: Map<string, T>, changed: (id: string, row: T | undefined) => void) {
    this.#rows = rows;
    this.#changed = changed;
  }

  get(id: string): T | undefined {
    return this.#rows.get(id);
  }

  values(): T[] {
    return [...this.#rows.values()];
  }

  entries(): [id: string, row: T][] {
    return [...this.#rows];
  }

  put(id: string, row: T): void {
    const before = this.#rows.get(id);
    this.#forget(id);
    this.#rows.set(id, row);
    for (const index of this.#indices.values()) index.add(row);
    this.#changed(id, row);
    for (const watcher of this.#watchers) watcher(id, row, before);
  }

  delete(id: string): void {
    this.#forget(id);
    this.#rows.delete(id);
    this.#changed(id, undefined);
  }

  index(name: string, keysOf: (row: T) => Iterable<string>): Index<T> {
    let index = this.#indices.get(name);
    if (!index) {
      this.#indices.set(name, (index = new RowIndex(keysOf)));
      for (const row of this.#rows.values()) index.add(row);
    }
    return index;
  }

  watch(watcher: Watcher<T>): void {
    this.#watchers.push(watcher);
  }

  #forget(id: string): void {
    const row = this.#rows.get(id);
    if (row === undefined) return;
    for (const index of this.#indices.values()) index.remove(row);
  }
}

class RowIndex<T> implements Index<T> {
  readonly #keysOf: (row: T) => Iterable<string>;
  readonly #rows = new Map<string, Set<T>>();

  constructor(keysOf: (row: T) => Iterable<string>) {
    this.#keysOf = keysOf;
  }

  get(key: string): Iterable<T> {
    return this.#rows.get(key) ?? [];
  }

  add(row: T): void {
    for (const key of this.#keysOf(row)) {
      const rows = this.#rows.get(key);
      if (rows) rows.add(row);
      else this.#rows.set(key, new Set([row]));
    }
  }

  remove(row: T): void {
    for (const key of this.#keysOf(row)) {
      const rows = this.#rows.get(key);
      rows?.delete(row);
      if (rows?.size === 0) this.#rows.delete(key);
    }
  }
}
