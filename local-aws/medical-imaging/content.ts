/** Bytes that are read piece by piece while they are sent, because together they may be larger than the memory. */
export interface Content {
  readonly size: number;
  readonly pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

export const contentOf = (bytes: Uint8Array): Content => ({ size: bytes.length, pieces: [bytes] });
