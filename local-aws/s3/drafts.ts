import { randomUUID } from 'node:crypto';
import fs, { closeSync, fstatSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { FileMark } from './object-rows.ts';

/** A complete file on disk that still has a temporary name, so that no reader sees it. */
export interface Draft extends FileMark {
  /** Renames the file to its final name atomically. An existing file of that name is replaced. */
  readonly moveTo: (file: string) => void;
  readonly discard: () => Promise<void>;
}

/**
 * Writes files under temporary names. A file gets its final name only when it is complete and synced to the disk, so that no
 * reader sees half of it, even if the process is killed. The drafts of a killed process are removed at the next start.
 */
export class Drafts {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = path.resolve(folder);
    rmSync(this.#folder, { recursive: true, force: true });
    mkdirSync(this.#folder);
  }

  /**
   * Writes a draft and syncs it to the disk. Only `write` and `fsync`, which wait for the disk, run on Node's thread pool. The
   * other calls are synchronous: for a small object, handing them to another thread would take longer than the calls.
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
