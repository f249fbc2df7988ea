import { mkdirSync, rmdirSync, statSync } from 'node:fs';
import { rm, rmdir, unlink } from 'node:fs/promises';
import path from 'node:path';
import { errorCode, ServiceError } from '../errors.ts';
import type { Store } from '../store.ts';
import type { Draft, Drafts } from './drafts.ts';
import { isCollision } from './file-errors.ts';
import type { FoundObject, ObjectFinder, Place } from './object-finder.ts';
import { idOf, type ObjectFacts } from './object-rows.ts';
import type { S3Location } from './places.ts';

/** Throws if the present object, or `undefined` if there is none, does not meet the condition of the request. */
export type Condition = (present: FoundObject | undefined) => void | Promise<void>;

export interface NewObject {
  readonly pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  /** Is called when all pieces have been read. If it throws, for example because of a wrong checksum, no object is put. */
  readonly facts: () => ObjectFacts | Promise<ObjectFacts>;
  readonly condition?: Condition | undefined;
}

/** How often a file's move to its place is tried. It fails if another request creates or removes a folder of its path. */
const ATTEMPTS = 10;

/** Puts and deletes objects, each atomically: neither a reader nor a SIGKILL finds an object half written or with a wrong row. */
export class ObjectWriter {
  readonly #finder: ObjectFinder;
  readonly #drafts: Drafts;
  readonly #store: Store;

  constructor(finder: ObjectFinder, drafts: Drafts, store: Store) {
    this.#finder = finder;
    this.#drafts = drafts;
    this.#store = store;
  }

  /** @returns the metadata of the object, as {@link NewObject} has given it */
  async put(location: S3Location, { pieces, facts, condition }: NewObject): Promise<ObjectFacts> {
    // Throws for a bucket name or key that S3 refuses, before gigabytes of content are read.
    this.#finder.places.file(location);
    const draft = await this.#drafts.write(pieces);
    try {
      const known = await facts();
      await this.#finder.locks.run(idOf(location), async () => {
        const present = this.#finder.find(location);
        await condition?.(present);
        await this.#publish(location, draft, known, present);
      });
      return known;
    } catch (error) {
      await draft.discard();
      throw error;
    }
  }

  async delete(location: S3Location, condition?: Condition): Promise<void> {
    await this.#finder.locks.run(idOf(location), async () => {
      const present = this.#finder.find(location);
      await condition?.(present);
      if (!present) return;
      await unlink(present.place.file);
      if (present.place.isOdd) this.#finder.odd.remove(location);
      present.place.rows.remove(location);
      await this.#removeEmptyFolders(location.bucket, path.dirname(present.place.file));
    });
  }

  /**
   * Changes the metadata of an object, such as its tags, but not its content.
   *
   * @returns whether there is such an object
   */
  async describe(location: S3Location, change: (facts: ObjectFacts) => ObjectFacts): Promise<boolean> {
    return this.#finder.locks.run(idOf(location), async () => {
      const present = this.#finder.find(location);
      if (!present) return false;
      const { size, mtimeMs, ino, place } = present;
      const facts = present.row ?? { etag: await this.#finder.etag(present) };
      place.rows.add(location, { ...change(facts), size, mtimeMs, ino }, undefined);
      return true;
    });
  }

  async #publish(
    location: S3Location,
    { size, mtimeMs, ino, moveTo }: Draft,
    facts: ObjectFacts,
    present: FoundObject | undefined,
  ): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const place = this.#makePlace(location);
      place.rows.add(location, { ...facts, size, mtimeMs, ino }, present);
      await this.#store.commit();
      try {
        moveTo(place.file);
        if (place.isOdd) this.#finder.odd.add(location);
        else await this.#removeOdd(location);
        return;
      } catch (error) {
        const isRace = isCollision(error) || errorCode(error) === 'ENOENT';
        if (!isRace || attempt === ATTEMPTS) throw error;
      }
    }
  }

  /** The place for the file of an object. The folders of its path are created. */
  #makePlace(location: S3Location): Place {
    const { places } = this.#finder;
    const place = this.#finder.inTree(location);
    try {
      if (place) {
        mkdirSync(path.dirname(place.file), { recursive: true });
        // An empty folder is no object, so the file may replace it. If the folder is not empty, the file goes to `s3-odd`.
        if (statSync(place.file, { throwIfNoEntry: false })?.isDirectory()) rmdirSync(place.file);
        return place;
      }
    } catch (error) {
      if (!isCollision(error)) throw error;
    }
    makeFolder(places.bucket(location.bucket));
    makeFolder(places.oddFolder(location.bucket));
    return this.#finder.outsideTree(location);
  }

  /** Removes the former object of the key from `s3-odd`, where it was put because its path in the bucket's folder was taken. */
  async #removeOdd(location: S3Location): Promise<void> {
    const { file, rows } = this.#finder.outsideTree(location);
    if (!rows.has(location)) return;
    await rm(file, { force: true });
    rows.remove(location);
    this.#finder.odd.remove(location);
  }

  /** Removes a folder if it is empty, and then its parents. S3 has no folders, so none is left without objects. */
  async #removeEmptyFolders(bucket: string, folder: string): Promise<void> {
    const top = this.#finder.places.bucket(bucket);
    for (let empty = folder; empty.startsWith(top + path.sep); empty = path.dirname(empty)) {
      const removed = await rmdir(empty).then(
        () => true,
        () => false,
      );
      if (!removed) return;
    }
  }
}

/** @throws ServiceError if there is a file where the folder should be */
export function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    if (!isCollision(error)) throw error;
    const message = `The local S3 needs the folder ${folder}, but there is a file in its place. Remove the file.`;
    throw new ServiceError('InvalidRequest', message);
  }
}
