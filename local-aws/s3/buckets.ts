import { createReadStream, existsSync, readdirSync, statSync } from 'node:fs';
import { readdir, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { ServiceError } from '../errors.ts';
import type { Store } from '../store.ts';
import { measured } from './content.ts';
import { Drafts } from './drafts.ts';
import { asClientError, isCollision } from './file-errors.ts';
import { Folders } from './folders.ts';
import { merged } from './key-order.ts';
import { ObjectFinder, PIECE, type FoundObject } from './object-finder.ts';
import { ObjectReader } from './object-reader.ts';
import { makeFolder, ObjectWriter } from './object-writer.ts';
import { isBucketName, Places, type S3Location } from './places.ts';
import { treeKeys, type Selection } from './tree.ts';

export interface BucketInfo {
  readonly name: string;
  readonly created: Date;
}

/**
 * Stores each bucket as a folder: the object `s3://bucket/some/key` is the file `DATA/s3/bucket/some/key`, so that objects can
 * be added and inspected with the usual tools. An object whose key cannot be the path of a file, such as `a` if there is also an
 * object `a/b`, is stored in `DATA/s3-odd`.
 */
export class Buckets {
  readonly finder: ObjectFinder;
  readonly drafts: Drafts;
  readonly writer: ObjectWriter;
  readonly #places: Places;
  readonly #folders = new Folders();

  constructor(data: string, store: Store) {
    this.#places = new Places(data);
    this.drafts = new Drafts(path.join(data, 's3-drafts'));
    this.finder = new ObjectFinder(this.#places, store);
    this.writer = new ObjectWriter(this.finder, this.drafts, store);
  }

  create(bucket: string): void {
    makeFolder(this.#places.bucket(bucket));
  }

  exists(bucket: string): boolean {
    return statSync(this.#places.bucket(bucket), { throwIfNoEntry: false })?.isDirectory() ?? false;
  }

  /** @throws ServiceError `BucketNotEmpty` */
  async remove(bucket: string): Promise<void> {
    const isEmpty = this.keys(bucket, { prefix: '', after: '' }).next().done;
    try {
      if (!isEmpty) throw notEmpty();
      await removeEmptyFolders(this.#places.bucket(bucket));
    } catch (error) {
      throw isCollision(error) ? notEmpty() : error;
    }
  }

  /** All buckets, sorted by name. */
  names(): BucketInfo[] {
    const names = existsSync(this.#places.root) ? readdirSync(this.#places.root).sort() : [];
    return names.filter(isBucketName).flatMap((name) => {
      const stats = statSync(this.#places.bucket(name), { throwIfNoEntry: false });
      return stats?.isDirectory() ? [{ name, created: stats.birthtime }] : [];
    });
  }

  /** The selected keys of a bucket, sorted by UTF-8 bytes. Some objects may be deleted before the caller gets the key. */
  keys(bucket: string, selection: Selection): Generator<string> {
    const inTree = treeKeys(this.#places.bucket(bucket), this.#folders, selection);
    return merged(inTree, this.finder.odd.select(bucket, selection));
  }

  /** Every object whose key starts with the prefix, in S3's order. */
  async list(bucket: string, prefix: string): Promise<FoundObject[]> {
    const objects: FoundObject[] = [];
    let seen = 0;
    for (const key of this.keys(bucket, { prefix, after: '' })) {
      const object = this.finder.find({ bucket, key });
      if (object) objects.push(object);
      // A bucket may hold a million objects. Without this pause, all other requests would wait until all are found.
      if (++seen % 1000 === 0) await setImmediate();
    }
    return objects;
  }

  /** Streams the content of an object in pieces of one megabyte. */
  pieces(location: S3Location): AsyncIterable<Buffer> {
    return createReadStream(this.#required(location).place.file, { highWaterMark: PIECE });
  }

  /** Opens an object to read ranges of it. The caller closes it. @throws Error if there is no such object */
  open(location: S3Location): ObjectReader {
    return new ObjectReader(this.#required(location).place.file);
  }

  /** Puts an object, and creates its bucket if it does not exist. */
  async write(location: S3Location, body: string): Promise<void> {
    const { pieces, receipt } = measured([Buffer.from(body)]);
    try {
      await this.writer.put(location, { pieces, facts: async () => ({ etag: (await receipt()).md5 }) });
    } catch (error) {
      throw asClientError(error);
    }
  }

  async delete(location: S3Location): Promise<void> {
    await this.writer.delete(location);
  }

  #required(location: S3Location): FoundObject {
    const object = this.finder.find(location);
    if (!object) throw new Error('the object is gone');
    return object;
  }
}

const notEmpty = () => new ServiceError('BucketNotEmpty', 'The bucket you tried to delete is not empty');

/** Removes a folder of empty folders, but no file: `rmdir` fails if an object has been put into one of them meanwhile. */
async function removeEmptyFolders(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) await removeEmptyFolders(path.join(folder, entry.name));
  }
  await rmdir(folder);
}
