import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { FileMark } from './object-rows.ts';

/** A whole file, on disk, that nobody sees yet. */
export interface Draft extends FileMark {
  /** Gives the file its name in one step; a file of that name is replaced. */
  readonly moveTo: (file: string) => Promise<void>;
  readonly discard: () => Promise<void>;
}

/**
 * Files that are being written. A file gets its name only when it is complete and on disk, so that neither a reader nor a
 * killed process sees half of it. What a killed process left is removed at the next start.
 */
export class Drafts {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = path.resolve(folder);
    rmSync(this.#folder, { recursive: true, force: true });
    mkdirSync(this.#folder);
  }

  async write(pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<Draft> {
    const temporary = path.join(this.#folder, randomUUID());
    const discard = () => rm(temporary, { force: true });
    const file = await open(temporary, 'wx');
    try {
      for await (const piece of pieces) await file.writeFile(piece);
      await file.sync();
      const { size, mtimeMs, ino } = await file.stat();
      return { size, mtimeMs, ino, discard, moveTo: (target) => rename(temporary, target) };
    } catch (error) {
      await discard();
      throw error;
    } finally {
      await file.close();
    }
  }
}
