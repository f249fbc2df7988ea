import { randomUUID } from 'node:crypto';
import fs, { closeSync, fstatSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { FileMark } from './object-rows.ts';

/** A whole file, on disk, that nobody sees yet. */
export interface Draft extends FileMark {
  /** Gives the file its name in one step; a file of that name is replaced. */
  readonly moveTo: (file: string) => void;
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

  /**
   * Only what waits for the disk is handed to other threads: a small object would wait longer for them than for its other
   * steps.
   */
  async write(pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<Draft> {
    const temporary = path.join(this.#folder, randomUUID());
    const discard = () => rm(temporary, { force: true });
    const file = openSync(temporary, 'wx');
    try {
      for await (const piece of pieces) await writeAll(file, piece);
      await sync(file);
      const { size, mtimeMs, ino } = fstatSync(file);
      return { size, mtimeMs, ino, discard, moveTo: (target) => renameSync(temporary, target) };
    } catch (error) {
      await discard();
      throw error;
    } finally {
      closeSync(file);
    }
  }
}

const write = promisify(fs.write);
const sync = promisify(fs.fsync);

async function writeAll(file: number, piece: Uint8Array): Promise<void> {
  for (let done = 0; done < piece.byteLength;) {
    done += (await write(file, piece, done, piece.byteLength - done)).bytesWritten;
  }
}
