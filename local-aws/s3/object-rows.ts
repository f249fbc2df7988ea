import type { Store } from '../store.ts';
import type { Table } from '../table.ts';
import type { StoredChecksum } from './checksums.ts';
import type { S3Location } from './places.ts';

/** The properties of a file that tell whether it is still the one that a row describes. */
export interface FileMark {
  readonly size: number;
  readonly mtimeMs: number;
  readonly ino: number;
}

/** What S3 stores about an object besides its content. */
export interface ObjectFacts {
  /** The hexadecimal MD5 of the content. For a multipart upload, the MD5 of the MD5s of its parts, with `-` and their number. */
  readonly etag: string;
  /** The headers that are returned with the object: Content-Type, user metadata and so on. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly checksum?: StoredChecksum | undefined;
  /** The tags, as in the header `x-amz-tagging`: `a=1&b=2`. */
  readonly tagging?: string | undefined;
  /** The sizes of the parts of a multipart upload. */
  readonly partSizes?: readonly number[];
}

export type ObjectRow = FileMark & ObjectFacts;

/**
 * The rows of objects, which contain their metadata. A row is used only while the file is the one that it was written for. If a
 * user replaces the file by hand, the new object therefore has no metadata, instead of the metadata of the former one.
 */
export class ObjectRows {
  readonly #table: Table<readonly ObjectRow[]>;

  /** @param table - the name of the table: one is for files in the folders of buckets, another for files in `s3-odd` */
  constructor(store: Store, table: string) {
    this.#table = store.table(table);
  }

  /** The row of the file; undefined if the file was added or changed by hand. */
  of(location: S3Location, mark: FileMark): ObjectRow | undefined {
    return this.#table.get(idOf(location))?.find((row) => isOf(row, mark));
  }

  has(location: S3Location): boolean {
    return this.#table.get(idOf(location)) !== undefined;
  }

  /**
   * Adds the row of a new file that is about to replace the present one. The row of the present file is kept until the next
   * change: if the process is killed before or after the file is replaced, the file that is there has its own row.
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

/** Whether a row, or an object that was found before, is that of the file. */
export const isOf = (row: FileMark, { size, mtimeMs, ino }: FileMark) =>
  row.size === size && row.mtimeMs === mtimeMs && row.ino === ino;
