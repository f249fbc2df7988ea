/** Bytes that are read by ranges, so that a file of 2 GB is never in memory as a whole. */
export interface ByteSource {
  readonly size: number;
  /** The bytes from `offset` on, fewer than `length` at the end. */
  read(offset: number, length: number): Buffer;
}

/** Bytes in memory, in pieces of one size; the last one may be shorter. */
export class MemorySource implements ByteSource {
  readonly size: number;
  readonly #pieces: readonly Buffer[];
  readonly #pieceSize: number;

  constructor(pieces: readonly Buffer[]) {
    this.#pieces = pieces;
    this.#pieceSize = pieces[0]?.length ?? 0;
    this.size = pieces.reduce((sum, piece) => sum + piece.length, 0);
  }

  read(offset: number, length: number): Buffer {
    const end = Math.min(offset + length, this.size);
    if (offset >= end) return Buffer.alloc(0);
    const first = Math.floor(offset / this.#pieceSize);
    const last = Math.floor((end - 1) / this.#pieceSize);
    const start = first * this.#pieceSize;
    const pieces = this.#pieces.slice(first, last + 1);
    const [only] = pieces;
    const joined = only && pieces.length === 1 ? only : Buffer.concat(pieces);
    return joined.subarray(offset - start, end - start);
  }
}
