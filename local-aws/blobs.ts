import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';

/**
 * Bytes by id that are too large for the state: image frames, and what imported DICOM files contain besides their frames. The
 * bytes of an id never change.
 */
export interface Blobs {
  ids(): Promise<readonly string[]>;
  /** The number of bytes; undefined if there is no blob of that id. */
  size(id: string): Promise<number | undefined>;
  read(id: string): Promise<Buffer | undefined>;
  write(id: string, parts: Iterable<Buffer>): Promise<void>;
}

/** Keeps each blob in a file, which outlives the process. */
export class FolderBlobs implements Blobs {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  ids(): Promise<readonly string[]> {
    return readdir(this.#folder).catch(() => []);
  }

  async size(id: string): Promise<number | undefined> {
    return (await stat(this.#file(id)).catch(() => undefined))?.size;
  }

  read(id: string): Promise<Buffer | undefined> {
    return readFile(this.#file(id)).catch(() => undefined);
  }

  async write(id: string, parts: Iterable<Buffer>): Promise<void> {
    try {
      await writeFile(this.#file(id), parts);
    } catch {
      await mkdir(this.#folder, { recursive: true });
      await writeFile(this.#file(id), parts);
    }
  }

  #file(id: string): string {
    return path.join(this.#folder, id);
  }
}

/** Keeps blobs in memory. They are gone when the process ends. */
export class MemoryBlobs implements Blobs {
  readonly #blobs = new Map<string, Buffer>();

  ids(): Promise<readonly string[]> {
    return Promise.resolve([...this.#blobs.keys()]);
  }

  size(id: string): Promise<number | undefined> {
    return Promise.resolve(this.#blobs.get(id)?.length);
  }

  read(id: string): Promise<Buffer | undefined> {
    return Promise.resolve(this.#blobs.get(id));
  }

  write(id: string, parts: Iterable<Buffer>): Promise<void> {
    this.#blobs.set(id, Buffer.concat([...parts]));
    return Promise.resolve();
  }
}
