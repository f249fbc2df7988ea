import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** Most headers fit, and so do small objects: one read each. */
const WINDOW = 64 * 1024;

/** An object that is read by ranges. Small ranges one after the other, as headers are, come out of a window. */
export class ObjectReader {
  readonly size: number;
  readonly #file: number;
  readonly #window: Buffer;
  #start = 0;
  #end = 0;

  constructor(path: string) {
    this.#file = openSync(path, 'r');
    this.size = fstatSync(this.#file).size;
    this.#window = Buffer.allocUnsafe(Math.min(WINDOW, this.size));
  }

  /** The bytes from `offset` on, fewer than `length` at the end of the object; they are valid until the next call. */
  read(offset: number, length: number): Buffer {
    const wanted = Math.max(0, Math.min(length, this.size - offset));
    if (offset >= this.#start && offset + wanted <= this.#end) {
      return this.#window.subarray(offset - this.#start, offset - this.#start + wanted);
    }
    if (wanted > this.#window.length / 2) return this.#fill(Buffer.allocUnsafe(wanted), offset);
    const filled = this.#fill(this.#window, offset);
    this.#start = offset;
    this.#end = offset + filled.length;
    return filled.subarray(0, wanted);
  }

  #fill(buffer: Buffer, offset: number): Buffer {
    let filled = 0;
    while (filled < buffer.length) {
      const count = readSync(this.#file, buffer, filled, buffer.length - filled, offset + filled);
      if (count === 0) break;
      filled += count;
    }
    return buffer.subarray(0, filled);
  }

  close(): void {
    closeSync(this.#file);
  }
}
