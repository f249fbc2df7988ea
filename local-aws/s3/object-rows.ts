import type { Store } from '../store.ts';
import type { Table } from '../table.ts';
import type { StoredChecksum } from './checksums.ts';
import type { S3Location } from './places.ts';

/** What tells whether a file is still the one that a row describes. */
export interface FileMark {
  readonly size: number;
  readonly mtimeMs: number;
  readonly ino: number;
}

/** What S3 knows of an object beside its content. */
export interface ObjectFacts {
  /** Hexadecimal MD5 of the content; of a multipart upload that of the MD5s of its parts, with `-` and their number. */
  readonly etag: string;
  /** The headers that come with the object: Content-Type, user metadata and so on. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly checksum?: StoredChecksum | undefined;
  /** The tags as a header has them: `a=1&b=2`. */
  readonly tagging?: string | undefined;
  /** The sizes of the parts of a multipart upload. */
  readonly partSizes?: readonly number[];
}

export type ObjectRow = FileMark & ObjectFacts;

/**
 * The rows of objects. A row counts only while its file is the one that it was written for: whoever replaces a file by hand
 * has an object without metadata, not one with the metadata of another.
 */
export class ObjectRows {
  readonly #table: Table<readonly ObjectRow[]>;

  /** @param table - the name of the table, of which there is one for each way to find the file */
  constructor(store: Store, table: string) {
    this.#table = store.table(table);
  }

  /** What is known of the file; nothing if it was put or changed by hand. */
  of(location: S3Location, mark: FileMark): ObjectRow | undefined {
    return this.#table.get(idOf(location))?.find((row) => isOf(row, mark));
  }

  has(location: S3Location): boolean {
    return this.#table.get(idOf(location)) !== undefined;
  }

  /**
   * Adds the row of a file that is about to take the place of the present one. Both rows count until the next change, so
   * that a process killed at any moment leaves either file with its own row.
   */
  add(location: S3Location, row: ObjectRow, present: FileMark | undefined): void {
    const former = present && this.of(location, present);
    this.#table.put(idOf(location), former ? [row, former] : [row]);
  }

  remove(location: S3Location): void {
    if (this.has(location)) this.#table.delete(idOf(location));
  }

  locations(): S3Location[] {
    return this.#table.entries().map(([id]) => locationOf(id));
  }
}

export const idOf = ({ bucket, key }: S3Location) => `${bucket}/${key}`;

export function locationOf(id: string): S3Location {
  const slash = id.indexOf('/');
  return { bucket: id.slice(0, slash), key: id.slice(slash + 1) };
}

/** Whether a row, or what was found before, is that of the file. */
export const isOf = (row: FileMark, { size, mtimeMs, ino }: FileMark) =>
  row.size === size && row.mtimeMs === mtimeMs && row.ino === ino;
