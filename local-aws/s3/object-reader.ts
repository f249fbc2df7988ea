import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** Most headers fit, and so do small objects: one read each. */
const WINDOW = 64 * 1024;

/** Node reads less than 2 GiB at once. */
const MAX_READ = 1024 ** 3;

/** An object that is read by ranges. Small ranges one after the other, as headers are, come out of a window. */
export class ObjectReader {
  readonly size: number;
  readonly #file: number;
  #window: Buffer = Buffer.alloc(0);
  #start = 0;

  constructor(path: string) {
    this.#file = openSync(path, 'r');
    this.size = fstatSync(this.#file).size;
  }

  /** The bytes from `offset` on, fewer than `length` at the end of the object. */
  read(offset: number, length: number): Buffer {
    const wanted = Math.max(0, Math.min(length, this.size - offset));
    if (wanted > WINDOW / 2) return this.#load(offset, wanted);
    if (offset < this.#start || offset + wanted > this.#start + this.#window.length) {
      // A new one each time: who holds a part of the last one still has what it read.
      this.#window = this.#load(offset, Math.min(WINDOW, this.size - offset));
      this.#start = offset;
    }
    return this.#window.subarray(offset - this.#start, offset - this.#start + wanted);
  }

  #load(offset: number, length: number): Buffer {
    const buffer = Buffer.allocUnsafeSlow(Math.max(0, length));
    let filled = 0;
    while (filled < buffer.length) {
      const wanted = Math.min(buffer.length - filled, MAX_READ);
      const count = readSync(this.#file, buffer, filled, wanted, offset + filled);
      if (count === 0) break;
      filled += count;
    }
    return buffer.subarray(0, filled);
  }

  close(): void {
    closeSync(this.#file);
  }
}
