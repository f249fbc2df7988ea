import { ClassicLevel } from 'classic-level';
import { UserError } from '../src/lib/user-error.ts';

/** Where a {@link Store} keeps its content: texts by key. */
export interface Disk {
  /**
   * All texts whose keys begin with `prefix`, sorted by key. The keys are given without the prefix. Texts that others write while
   * these are read do not appear among them.
   */
  texts(prefix: string): AsyncIterable<[key: string, text: string]>;
  /**
   * Reads synchronously. If a handler had to wait between reading and writing, another call could change the same data meanwhile.
   */
  read(key: string): string | undefined;
  /**
   * Writes all of the texts or none of them. A key without a text is deleted.
   *
   * @param isSynced - true: resolves when even a power failure cannot undo the write; false: when a crash of the process cannot
   */
  write(texts: Iterable<readonly [key: string, text: string | undefined]>, isSynced: boolean): Promise<void>;
  close(): Promise<void>;
}

/**
 * The version of the format of the state. It changes whenever this code cannot read the state of an older version. Format 1 did
 * not store its number.
 */
const FORMAT = '2';
const FORMAT_KEY = 'format';

/**
 * Opens a folder as a LevelDB database.
 *
 * @throws UserError where the folder has been written by a version of the local AWS with another format
 * @throws Error with code `LEVEL_LOCKED` in its cause where another process has opened the folder
 */
export async function openDisk(folder: string): Promise<Disk> {
  const db = new ClassicLevel(folder);
  await db.open();
  try {
    await checkFormat(db, folder);
  } catch (error) {
    await db.close();
    throw error;
  }
  return {
    async *texts(prefix) {
      const range = db.iterator(prefix ? { gte: prefix, lt: after(prefix) } : {});
      try {
        // Reading a thousand entries at a time takes a third of the time of reading them one by one.
        for (let page = await range.nextv(1000); page.length > 0; page = await range.nextv(1000)) {
          for (const [key, text] of page) yield [key.slice(prefix.length), text];
        }
      } finally {
        await range.close();
      }
    },
    read: (key) => db.getSync(key),
    write(texts, isSynced) {
      // A chained batch takes a third of the time of `batch(operations)`, which copies each operation.
      const batch = db.batch();
      for (const [key, text] of texts) {
        if (text === undefined) batch.del(key);
        else batch.put(key, text);
      }
      return batch.write({ sync: isSynced });
    },
    close: () => db.close(),
  };
}

/**
 * The smallest key that is greater than all keys which begin with `prefix`: for `row/` it is `row0`. The last character of
 * `prefix` must be ASCII.
 */
const after = (prefix: string) =>
  prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);

async function checkFormat(db: ClassicLevel, folder: string): Promise<void> {
  const format = await db.get(FORMAT_KEY);
  if (format === FORMAT) return;
  const isEmpty = (await db.keys({ limit: 1 }).all()).length === 0;
  if (isEmpty) return db.put(FORMAT_KEY, FORMAT, { sync: true });
  throw new UserError(
    `The state in ${folder} has format ${format ?? 1}, and this version of the local AWS reads format ${FORMAT}. ` +
      'Delete that folder, which deletes all data stores, jobs and image sets but no object in S3, or choose another data folder by --data.',
  );
}

/** A disk in memory, whose content is gone when the process ends. */
export function memoryDisk(): Disk {
  const all = new Map<string, string>();
  return {
    async *texts(prefix) {
      const found = [...all].filter(([key]) => key.startsWith(prefix));
      for (const [key, text] of found.sort(([a], [b]) => (a < b ? -1 : 1)))
        yield [key.slice(prefix.length), text];
    },
    read: (key) => all.get(key),
    write(texts) {
      for (const [key, text] of texts) {
        if (text === undefined) all.delete(key);
        else all.set(key, text);
      }
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  };
}

/** The number of texts that are copied at a time, so that a copy needs little memory. */
const BATCH = 1000;

/** Copies all texts, or those that `isWanted` selects, as they are when the copy begins, even if others are written meanwhile. */
export async function copyTexts(
  from: Disk,
  to: Disk,
  isWanted: (key: string) => boolean = () => true,
): Promise<void> {
  let batch: [key: string, text: string][] = [];
  for await (const [key, text] of from.texts('')) {
    if (isWanted(key)) batch.push([key, text]);
    if (batch.length < BATCH) continue;
    await to.write(batch, false);
    batch = [];
  }
  await to.write(batch, true);
}
