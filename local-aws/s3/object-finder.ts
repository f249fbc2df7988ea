import { createHash } from 'node:crypto';
import { createReadStream, fstatSync, openSync, readFileSync, statSync, type Stats } from 'node:fs';
import type { Store } from '../store.ts';
import { errorCode } from '../errors.ts';
import { Locks } from './locks.ts';
import { ObjectRows, idOf, isOf, type FileMark, type ObjectFacts, type ObjectRow } from './object-rows.ts';
import { OddKeys } from './odd-keys.ts';
import type { Places, S3Location } from './places.ts';

/** An object that is streamed is read in pieces of this many bytes. */
export const PIECE = 1024 * 1024;

/** Content of up to this many bytes is read by one call, because setting up a stream would take longer. */
export const SMALL = 256 * 1024;

/** An object whose file was found, with the file's properties at that time. */
export interface FoundObject extends S3Location, FileMark {
  readonly place: Place;
  readonly modified: Date;
  /** The object's row. Undefined if the file was added or changed by hand, until {@link ObjectFinder.facts} has made a row. */
  readonly row: ObjectRow | undefined;
}

/** The file of an object, in the folder of its bucket or in `s3-odd`, with the table of the rows of the objects there. */
export interface Place {
  readonly file: string;
  readonly rows: ObjectRows;
  /** Whether the file is in `s3-odd` and not in the folder of the bucket. */
  readonly isOdd: boolean;
}

/** Finds the files and the metadata of objects. */
export class ObjectFinder {
  readonly places: Places;
  readonly odd: OddKeys;
  /** An object's lock is held while its row and its file change. */
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
      // Synchronous, because the stat of a local file takes less time than handing the call to another thread.
      const stats = orNothing(() => statSync(place.file));
      if (stats?.isFile()) return found(location, place, stats);
    }
    return undefined;
  }

  /**
   * Finds an object and opens its file for reading. The returned size, times and row are those of the opened file, even if the
   * object is replaced meanwhile. The caller closes the file.
   */
  open(location: S3Location): { file: number; object: FoundObject } | undefined {
    const present = this.find(location);
    const file = present && orNothing(() => openSync(present.place.file, 'r'));
    if (present === undefined || file === undefined) return undefined;
    return { file, object: found(location, present.place, fstatSync(file)) };
  }

  /** The place in the folder of the bucket; undefined for a key that cannot be the path of a file. */
  inTree(location: S3Location): Place | undefined {
    const file = this.places.file(location);
    return file === undefined ? undefined : { file, rows: this.#treeRows, isOdd: false };
  }

  outsideTree(location: S3Location): Place {
    return { file: this.places.oddFile(location), rows: this.#oddRows, isOdd: true };
  }

  /** The metadata of an object. For a file that was added by hand, the MD5 is computed and stored as the ETag. */
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

  /**
   * The ETag without quotes. It is computed if it is not stored, but not stored then: unlike {@link facts}, this method takes no
   * lock, so that it can be called by code that holds the object's lock.
   */
  async etag({ row, place, size, ino, mtimeMs }: FoundObject): Promise<string> {
    if (row) return row.etag;
    const name = `${place.file} ${ino} ${mtimeMs}`;
    const hashing =
      this.#hashing.get(name) ?? md5Of(place.file, size).finally(() => this.#hashing.delete(name));
    this.#hashing.set(name, hashing);
    return hashing;
  }

  /** If an object has two files, the one in the folder of the bucket is used, because users see and replace files there. */
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
  // A page of a list can need the MD5s of a thousand small files. With streams this would take ten times as long.
  if (size <= SMALL) return hash.update(readFileSync(file)).digest('hex');
  for await (const piece of createReadStream(file, { highWaterMark: PIECE })) hash.update(piece as Buffer);
  return hash.digest('hex');
}

/** Undefined if the file does not exist: nothing has its name, its name is too long, or a file is where a folder is needed. */
function orNothing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ENAMETOOLONG'].includes(errorCode(error) ?? '')) return undefined;
    throw error;
  }
}
