import { ClassicLevel } from 'classic-level';

/**
 * The durable state: all of it in memory, every change on disk before the caller learns of it. Handlers are synchronous
 * between reading and writing, so no two calls can interleave; {@link commit} then puts what they changed into LevelDB
 * in one atomic, fsynced batch. A SIGKILL loses nothing that was answered.
 */
export class Store {
  readonly #db: ClassicLevel;
  readonly #tables = new Map<string, Map<string, unknown>>();
  /** Rows to write; those without a value to delete. */
  #pending = new Map<string, string | undefined>();
  #writing: Promise<void> = Promise.resolve();

  private constructor(db: ClassicLevel) {
    this.#db = db;
  }

  static async open(folder: string): Promise<Store> {
    const db = new ClassicLevel(folder);
    await db.open();
    const store = new Store(db);
    for await (const [key, value] of db.iterator()) {
      const [table, id] = splitKey(key);
      store.#rows(table).set(id, JSON.parse(value));
    }
    return store;
  }

  /** The table of that name; every row in it was put there as a `T`. */
  table<T>(name: string): Table<T> {
    const rows = this.#rows(name) as Map<string, T>;
    return {
      get: (id) => rows.get(id),
      values: () => [...rows.values()],
      entries: () => [...rows],
      put: (id, value) => {
        rows.set(id, value);
        this.#pending.set(`${name}/${id}`, JSON.stringify(value));
      },
      delete: (id) => {
        rows.delete(id);
        this.#pending.set(`${name}/${id}`, undefined);
      },
    };
  }

  /** Resolves when all changes so far are on disk. Writes go one after the other, or a later one could overtake. */
  commit(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  async close(): Promise<void> {
    await this.commit();
    await this.#db.close();
  }

  async #write(): Promise<void> {
    if (this.#pending.size === 0) return;
    // A chained batch takes a third of the time of `batch(operations)`, which copies each operation.
    const batch = this.#db.batch();
    for (const [key, value] of this.#pending) {
      if (value === undefined) batch.del(key);
      else batch.put(key, value);
    }
    this.#pending = new Map();
    await batch.write({ sync: true });
  }

  #rows(table: string): Map<string, unknown> {
    let rows = this.#tables.get(table);
    if (!rows) this.#tables.set(table, (rows = new Map()));
    return rows;
  }
}

export interface Table<T> {
  get(id: string): T | undefined;
  /** In the order of insertion; after a restart in the order of ids. */
  values(): T[];
  entries(): [id: string, row: T][];
  put(id: string, value: T): void;
  delete(id: string): void;
}

function splitKey(key: string): [table: string, id: string] {
  const slash = key.indexOf('/');
  return [key.slice(0, slash), key.slice(slash + 1)];
}
