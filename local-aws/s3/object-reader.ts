import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** How many bytes a small read loads at once. For most DICOM headers and small objects one such read is enough. */
const WINDOW = 64 * 1024;

/** Longer ranges are read by several calls, because Node cannot read 2 GiB or more by one. */
const MAX_READ = 1024 ** 3;

/**
 * Reads ranges of an object. Small ranges that follow one another, such as the data elements of a DICOM header, are taken from a
 * window of the file in memory, so that not each of them is a read from the disk.
 */
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
      // A new buffer each time, because callers may still use parts of the former one.
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
