import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { errorCode, ServiceError } from '../errors.ts';
import type { Store } from '../store.ts';
import type { Table } from '../table.ts';
import type { ChecksumAlgorithm, ChecksumType, StoredChecksum } from './checksums.ts';
import type { Content } from './content.ts';
import type { Drafts } from './drafts.ts';
import { Locks } from './locks.ts';
import type { S3Location } from './places.ts';

/** A multipart upload that is neither completed nor aborted. */
export interface Upload extends S3Location {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly initiated: number;
  /** The headers that the object will have. */
  readonly headers: Readonly<Record<string, string>>;
  readonly tagging?: string | undefined;
  readonly algorithm?: ChecksumAlgorithm | undefined;
  readonly checksumType?: ChecksumType | undefined;
}

export interface Part {
  readonly number: number;
  /** The name of its file in the folder of the upload. */
  readonly file: string;
  readonly size: number;
  /** Hexadecimal. */
  readonly md5: string;
  readonly checksum?: StoredChecksum | undefined;
  /** Milliseconds since 1970. */
  readonly modified: number;
}

/**
 * The multipart uploads that are neither completed nor aborted. Each has a folder with a file for each part. A part has been
 * uploaded when it has a row: a file without a row is ignored, because the process may have been killed before the client got
 * a reply.
 */
export class Uploads {
  readonly #root: string;
  readonly #drafts: Drafts;
  readonly #store: Store;
  readonly #uploads: Table<Upload>;
  readonly #partRows: Table<Part>;
  readonly #parts = new Map<string, Map<number, Part>>();
  /** An upload's lock is held while it is completed or aborted, so that a new part does not delete a file that is being read. */
  readonly #locks = new Locks();

  constructor(root: string, drafts: Drafts, store: Store) {
    this.#root = path.resolve(root);
    this.#drafts = drafts;
    this.#store = store;
    this.#uploads = store.table('upload');
    this.#partRows = store.table('uploadPart');
    for (const [id, part] of this.#partRows.entries()) {
      this.#partsOf(id.slice(0, id.indexOf('/'))).set(part.number, part);
    }
    this.#removeLeftovers();
  }

  async begin(upload: Omit<Upload, 'id' | 'initiated'>): Promise<Upload> {
    const begun = { ...upload, id: randomUUID(), initiated: Date.now() };
    await mkdir(path.join(this.#root, begun.id), { recursive: true });
    this.#uploads.put(begun.id, begun);
    return begun;
  }

  /** @throws ServiceError `NoSuchUpload` if there is no such upload of this object */
  require({ bucket, key }: S3Location, id: string | null): Upload {
    const upload = this.#uploads.get(id ?? '');
    if (upload && upload.bucket === bucket && upload.key === key) return upload;
    throw noSuchUpload();
  }

  of(bucket: string): Upload[] {
    return this.#uploads.values().filter((upload) => upload.bucket === bucket);
  }

  /** The parts of an upload, sorted by number. */
  parts({ id }: Upload): Part[] {
    return [...this.#partsOf(id).values()].sort((a, b) => a.number - b.number);
  }

  part({ id }: Upload, number: number): Part | undefined {
    return this.#partsOf(id).get(number);
  }

  fileOf({ id }: Upload, { file }: Part): string {
    return path.join(this.#root, id, file);
  }

  /** Stores the content of a part. An earlier part with the same number is replaced. */
  async writePart(upload: Upload, number: number, { pieces, receipt }: Content): Promise<Part> {
    const draft = await this.#drafts.write(pieces);
    try {
      const { size, md5, checksum } = await receipt();
      const part = { number, file: `${number}-${randomUUID()}`, size, md5, checksum, modified: Date.now() };
      draft.moveTo(this.fileOf(upload, part));
      const former = this.part(upload, number);
      this.#put(upload, part);
      await this.#store.commit();
      if (former) {
        await this.#locks.run(upload.id, () => rm(this.fileOf(upload, former), { force: true }));
      }
      return part;
    } catch (error) {
      await draft.discard();
      throw errorCode(error) === 'ENOENT' ? noSuchUpload() : error;
    }
  }

  /**
   * Completes or aborts an upload. A second request to end the same upload waits for the first, and then fails with
   * `NoSuchUpload`.
   *
   * @param work - is done before the upload is removed. If it throws, the upload stays
   * @throws ServiceError `NoSuchUpload`
   */
  end<T>(location: S3Location, id: string | null, work: (upload: Upload) => Promise<T>): Promise<T> {
    return this.#locks.run(id ?? '', async () => {
      const upload = this.require(location, id);
      const result = await work(upload);
      await this.#remove(upload);
      return result;
    });
  }

  /** Deletes the rows before the files. In the other order, a SIGKILL in between would leave an upload without its files. */
  async #remove(upload: Upload): Promise<void> {
    for (const { number } of this.parts(upload)) this.#partRows.delete(rowId(upload, number));
    this.#parts.delete(upload.id);
    this.#uploads.delete(upload.id);
    await this.#store.commit();
    await rm(path.join(this.#root, upload.id), { recursive: true, force: true });
  }

  #put(upload: Upload, part: Part): void {
    // Throws if the upload was completed or aborted while the part was received.
    this.require(upload, upload.id);
    this.#partsOf(upload.id).set(part.number, part);
    this.#partRows.put(rowId(upload, part.number), part);
  }

  #partsOf(id: string): Map<number, Part> {
    let parts = this.#parts.get(id);
    if (!parts) this.#parts.set(id, (parts = new Map()));
    return parts;
  }

  /** Removes the folders of ended uploads, which are left if the process is killed between deleting the rows and the files. */
  #removeLeftovers(): void {
    mkdirSync(this.#root, { recursive: true });
    for (const name of readdirSync(this.#root)) {
      if (!this.#uploads.get(name)) rmSync(path.join(this.#root, name), { recursive: true });
    }
  }
}

const rowId = ({ id }: Upload, number: number) => `${id}/${number}`;

const noSuchUpload = () =>
  new ServiceError(
    'NoSuchUpload',
    'The specified multipart upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.',
  );
