import { ServiceError } from '../errors.ts';

/** The longest chunk header or trailer that is read, so that a line without an end cannot fill the memory. */
const LONGEST_LINE = 16 * 1024;

/**
 * Yields the content of a body that is sent as `aws-chunked`. SDKs and the CLI use this encoding for streams and for
 * checksums that follow the content. Chunks are `<hex length>[;chunk-signature=…]\r\n<bytes>\r\n`; a chunk of length 0 ends
 * the content, and trailers `name:value\r\n` may follow. Signatures are not verified. (S3 API reference,
 * "Signature Calculations … Chunks")
 *
 * @param trailers - is filled with the trailers, such as `x-amz-checksum-crc32`, by lower-case name
 * @throws ServiceError `IncompleteBody`
 */
export async function* unchunked(
  body: AsyncIterable<Uint8Array>,
  trailers: Map<string, string>,
): AsyncGenerator<Uint8Array> {
  const reader = new Reader(body);
  try {
    yield* chunksOf(reader);
    for (;;) {
      const [name = '', ...value] = ((await reader.lineIfAny()) ?? '').split(':');
      if (name === '') return;
      trailers.set(name.trim().toLowerCase(), value.join(':').trim());
    }
  } finally {
    await reader.close();
  }
}

async function* chunksOf(reader: Reader): AsyncGenerator<Uint8Array> {
  for (;;) {
    const size = Number.parseInt(await reader.line(), 16);
    if (Number.isNaN(size)) throw incomplete();
    if (size === 0) return;
    yield* reader.bytes(size);
    if ((await reader.line()) !== '') throw incomplete();
  }
}

/** Reads lines and bytes alternately from a body that arrives in pieces of any size: a line may span two pieces. */
class Reader {
  readonly #pieces: AsyncIterator<Uint8Array>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(body: AsyncIterable<Uint8Array>) {
    this.#pieces = body[Symbol.asyncIterator]();
  }

  async line(): Promise<string> {
    const line = await this.lineIfAny();
    if (line === undefined) throw incomplete();
    return line;
  }

  /** @returns undefined at the end of the body */
  async lineIfAny(): Promise<string | undefined> {
    let end: number;
    while ((end = this.#rest.indexOf('\r\n')) === -1) {
      if (this.#rest.length > LONGEST_LINE) throw incomplete();
      const piece = await this.#next();
      if (!piece) return undefined;
      this.#rest = Buffer.concat([this.#rest, piece]);
    }
    const line = this.#rest.toString('latin1', 0, end);
    this.#rest = this.#rest.subarray(end + 2);
    return line;
  }

  async *bytes(count: number): AsyncGenerator<Uint8Array> {
    for (let left = count; left > 0;) {
      const piece = this.#rest.length > 0 ? this.#rest : await this.#next();
      if (!piece) throw incomplete();
      const taken = piece.subarray(0, left);
      this.#rest = piece.subarray(taken.length);
      left -= taken.length;
      yield taken;
    }
  }

  /** Stops reading. What is unread stays in the stream of the request, and the HTTP server discards it. */
  async close(): Promise<void> {
    await this.#pieces.return?.();
  }

  async #next(): Promise<Buffer | undefined> {
    const { done, value } = await this.#pieces.next();
    return done ? undefined : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  }
}

const incomplete = () =>
  new ServiceError('IncompleteBody', 'The aws-chunked body is damaged, or ends too early.');
