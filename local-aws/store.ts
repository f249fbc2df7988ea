import type { Disk } from './disk.ts';
import { DocumentCache, type Documents } from './documents.ts';
import { MemoryTable, type Table } from './table.ts';

/** The limit for the cached documents, in characters of JSON. In memory they take about four times as many bytes. */
const CACHED_DOCUMENTS = 4_000_000;

/**
 * How long rows of a log wait before they are written. Rows of many calls are then written together: thousands of calls a second
 * cause few writes.
 */
const LOG_DELAY_MS = 50;

/** Values by key that are to be written; those without a value are to be deleted. */
type Changes = Map<string, unknown>;

/**
 * The durable state. Rows of tables are in memory, documents are read from disk. Handlers are synchronous between reading and
 * writing, so no two calls can interleave. {@link commit} puts what they changed on disk in one atomic, synced batch. A reply
 * that is sent after it reports no change that a SIGKILL or a power failure could undo.
 *
 * A log is a table on which no reply depends, such as the log of calls. Its rows are written with the next batch, or a moment
 * later without a sync, so that a call which only reads does not wait for the disk.
 */
export class Store {
  readonly #disk: Disk;
  readonly #rows: Map<string, Map<string, unknown>>;
  readonly #tables = new Map<string, MemoryTable<unknown>>();
  readonly #cache = new DocumentCache(CACHED_DOCUMENTS);
  #changes: Changes = new Map();
  #logged: Changes = new Map();
  /** The changes of the batch that is being written. Until the write has ended, they cannot be read from disk. */
  #inBatch: Changes = new Map();
  /** The last write. Each write begins when the one before has ended, so that no older value replaces a newer one. */
  #writing: Promise<void> = Promise.resolve();
  /**
   * The number of synced writes that have not succeeded. A write that has failed stays counted, so that every later
   * {@link commit} fails too, and no call reports success.
   */
  #uncommitted = 0;
  /** The synced write that waits for another write to end. It will write all changes that are made before it begins. */
  #next: Promise<void> | undefined;
  #logTimer: NodeJS.Timeout | undefined;

  private constructor(disk: Disk, rows: Map<string, Map<string, unknown>>) {
    this.#disk = disk;
    this.#rows = rows;
  }

  /** Reads all tables from a disk. Documents are read later, when they are needed. */
  static async open(disk: Disk): Promise<Store> {
    const rows = new Map<string, Map<string, unknown>>();
    for await (const [key, text] of disk.texts('row/')) {
      const slash = key.indexOf('/');
      rowsOf(rows, key.slice(0, slash)).set(key.slice(slash + 1), JSON.parse(text));
    }
    return new Store(disk, rows);
  }

  /** The table of that name. The caller must know that its rows are of type `T`: this is not checked. */
  table<T>(name: string): Table<T> {
    return this.#table(name, (key, row) => this.#changes.set(key, row));
  }

  /** The same for a log, a table on which no reply depends. */
  log<T>(name: string): Table<T> {
    return this.#table(name, (key, row) => {
      this.#logged.set(key, row);
      this.#logTimer ??= setTimeout(() => {
        // The error is not lost: after a write that has failed, every later `commit` fails.
        this.#write({ isSynced: false }).catch(() => {});
      }, LOG_DELAY_MS);
    });
  }

  /** The documents of that name. As with {@link table}, their type is not checked. */
  documents<T>(name: string): Documents<T> {
    const keyOf = (id: string) => `document/${name}/${id}`;
    return {
      get: (id) => this.#document(keyOf(id)) as T | undefined,
      put: (id, document) => {
        this.#cache.delete(keyOf(id));
        this.#changes.set(keyOf(id), document);
      },
    };
  }

  /**
   * Resolves when all changes so far are on disk. If there are none, it resolves at once, even if rows of logs are not written
   * yet.
   */
  async commit(): Promise<void> {
    if (this.#changes.size > 0) return this.#write({ isSynced: true });
    if (this.#uncommitted > 0) return this.#writing;
  }

  /** Resolves when all changes so far and the rows of the logs are on disk. */
  async flush(): Promise<void> {
    return this.#logged.size > 0 ? this.#write({ isSynced: true }) : this.commit();
  }

  async close(): Promise<void> {
    await this.flush();
    await this.#writing;
    clearTimeout(this.#logTimer);
    await this.#disk.close();
  }

  #table<T>(name: string, changed: (key: string, row: unknown) => void): Table<T> {
    let table = this.#tables.get(name);
    if (!table) {
      const rows = rowsOf(this.#rows, name);
      table = new MemoryTable(rows, (id, row) => changed(`row/${name}/${id}`, row));
      this.#tables.set(name, table);
    }
    return table as Table<T>;
  }

  #document(key: string): unknown {
    for (const changes of [this.#changes, this.#inBatch]) if (changes.has(key)) return changes.get(key);
    const cached = this.#cache.get(key);
    if (cached !== undefined) return cached;
    const text = this.#disk.read(key);
    if (text === undefined) return undefined;
    const document: unknown = JSON.parse(text);
    this.#cache.put(key, document, text.length);
    return document;
  }

  /** Writes the rows of the logs and, if the write is synced, all changes. */
  #write({ isSynced }: { isSynced: boolean }): Promise<void> {
    if (isSynced && this.#next) return this.#next;
    if (isSynced) this.#uncommitted++;
    this.#writing = this.#writing.then(async () => {
      if (isSynced) this.#next = undefined;
      this.#inBatch = this.#take({ isSynced });
      if (this.#inBatch.size > 0) await this.#disk.write(jsonOf(this.#inBatch), isSynced);
      this.#inBatch = new Map();
      if (isSynced) this.#uncommitted--;
    });
    if (isSynced) this.#next = this.#writing;
    return this.#writing;
  }

  #take({ isSynced }: { isSynced: boolean }): Changes {
    clearTimeout(this.#logTimer);
    this.#logTimer = undefined;
    const taken = this.#logged;
    this.#logged = new Map();
    if (!isSynced) return taken;
    for (const [key, value] of this.#changes) taken.set(key, value);
    this.#changes = new Map();
    return taken;
  }
}

function rowsOf<T>(tables: Map<string, Map<string, T>>, name: string): Map<string, T> {
  let rows = tables.get(name);
  if (!rows) tables.set(name, (rows = new Map()));
  return rows;
}

/**
 * Turns changes into JSON. This is done only when they are written, so that a row which changes several times during a call is
 * converted once.
 */
function* jsonOf(changes: Changes): Generator<[key: string, text: string | undefined]> {
  for (const [key, value] of changes) yield [key, value === undefined ? undefined : JSON.stringify(value)];
}
