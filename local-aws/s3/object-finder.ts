import { createHash } from 'node:crypto';
import { createReadStream, fstatSync, openSync, readFileSync, statSync, type Stats } from 'node:fs';
import type { Store } from '../store.ts';
import { errorCode } from '../errors.ts';
import { Locks } from './locks.ts';
import { ObjectRows, idOf, isOf, type FileMark, type ObjectFacts, type ObjectRow } from './object-rows.ts';
import { OddKeys } from './odd-keys.ts';
import type { Places, S3Location } from './places.ts';

/** How many bytes are read at once of an object that is streamed. */
export const PIECE = 1024 * 1024;

/** Up to that many bytes an object is read at once: a stream takes longer to set up. */
export const SMALL = 256 * 1024;

/** An object, as its file shows it. */
export interface FoundObject extends S3Location, FileMark {
  readonly place: Place;
  readonly modified: Date;
  /** Nothing if the file was put or changed by hand. */
  readonly row: ObjectRow | undefined;
}

/** One of the two ways to find the file of an object, with the rows of the objects that are found so. */
export interface Place {
  readonly file: string;
  readonly rows: ObjectRows;
  /** Whether the file lies outside the folder of the bucket. */
  readonly isOdd: boolean;
}

/** Finds the files of objects, and what is known of them. */
export class ObjectFinder {
  readonly places: Places;
  readonly odd: OddKeys;
  /** Held while the row and the file of an object change. */
  readonly locks = new Locks();
  readonly #treeRows: ObjectRows;
  readonly #oddRows: ObjectRows;
  readonly #hashing = new Map<string, Promise<string>>();

  constructor(places: Places, store: Store) {
    this.places = places;
    this.#treeRows = new ObjectRows(store, 'object');
    this.#oddRows = new ObjectRows(store, 'oddObject');
    this.odd = new OddKeys(this.#oddRows.locations());
  }

  /** @throws ServiceError for names that S3 refuses */
  find(location: S3Location): FoundObject | undefined {
    for (const place of this.#placesOf(location)) {
      // The stat of a local file takes less time than handing it to another thread.
      const stats = orNothing(() => statSync(place.file));
      if (stats?.isFile()) return found(location, place, stats);
    }
    return undefined;
  }

  /** The object with its file open for reading, so that what is read is what the row describes. The caller closes it. */
  open(location: S3Location): { file: number; object: FoundObject } | undefined {
    const present = this.find(location);
    const file = present && orNothing(() => openSync(present.place.file, 'r'));
    if (present === undefined || file === undefined) return undefined;
    return { file, object: found(location, present.place, fstatSync(file)) };
  }

  /** The place in the folder of the bucket; nothing for a key that cannot be the path of a file. */
  inTree(location: S3Location): Place | undefined {
    const file = this.places.file(location);
    return file === undefined ? undefined : { file, rows: this.#treeRows, isOdd: false };
  }

  outsideTree(location: S3Location): Place {
    return { file: this.places.oddFile(location), rows: this.#oddRows, isOdd: true };
  }

  /** What is known of an object. The MD5 of a file that was put by hand is made now, and kept. */
  async facts(object: FoundObject): Promise<ObjectFacts> {
    if (object.row) return object.row;
    const etag = await this.etag(object);
    await this.locks.run(idOf(object), () => {
      const present = this.find(object);
      if (present && !present.row && isOf(present, object)) {
        const { size, mtimeMs, ino } = present;
        present.place.rows.add(object, { size, mtimeMs, ino, etag }, undefined);
      }
      return Promise.resolve();
    });
    return { etag };
  }

  /** The ETag without quotes, which is not kept if it has to be made. */
  async etag({ row, place, size, ino, mtimeMs }: FoundObject): Promise<string> {
    if (row) return row.etag;
    const name = `${place.file} ${ino} ${mtimeMs}`;
    const hashing =
      this.#hashing.get(name) ?? md5Of(place.file, size).finally(() => this.#hashing.delete(name));
    this.#hashing.set(name, hashing);
    return hashing;
  }

  /** The file in the folder comes first: the tree is what people see. */
  #placesOf(location: S3Location): Place[] {
    const inTree = this.inTree(location);
    const outside = this.#oddRows.has(location) ? [this.outsideTree(location)] : [];
    return inTree ? [inTree, ...outside] : outside;
  }
}

function found({ bucket, key }: S3Location, place: Place, stats: Stats): FoundObject {
  const { size, mtimeMs, ino, mtime: modified } = stats;
  return { bucket, key, size, mtimeMs, ino, modified, place, row: place.rows.of({ bucket, key }, stats) };
}

async function md5Of(file: string, size: number): Promise<string> {
  const hash = createHash('md5');
  // Lists ask for a thousand small files at once, which streams would take ten times as long for.
  if (size <= SMALL) return hash.update(readFileSync(file)).digest('hex');
  for await (const piece of createReadStream(file, { highWaterMark: PIECE })) hash.update(piece as Buffer);
  return hash.digest('hex');
}

/** Nothing if there is no such file, or a file where a folder should be. */
function orNothing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ENAMETOOLONG'].includes(errorCode(error) ?? '')) return undefined;
    throw error;
  }
}
