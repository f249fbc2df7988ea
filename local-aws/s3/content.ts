import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { ServiceError } from '../errors.ts';
import { unchunked } from './aws-chunked.ts';
import {
  CHECKSUM_ALGORITHMS,
  checksumHeader,
  checksumMismatch,
  isChecksumAlgorithm,
  startChecksum,
  type ChecksumAlgorithm,
  type StoredChecksum,
} from './checksums.ts';
import { header } from './protocol.ts';

/** The largest object in one request. (S3 user guide, "Uploading objects") */
export const LARGEST_PUT = 5 * 1024 ** 3;

/** The largest XML body: 10,000 parts with a checksum each. */
const LARGEST_XML = 8 * 1024 ** 2;

/** What is known of content that has been read to its end. */
export interface Receipt {
  readonly size: number;
  /** Hexadecimal. */
  readonly md5: string;
  readonly checksum?: StoredChecksum | undefined;
}

/** Content that is read piece by piece, once. */
export interface Content {
  readonly pieces: AsyncIterable<Uint8Array>;
  /** To be called when all pieces have been read. @throws ServiceError if it is not what the sender has announced */
  readonly receipt: () => Promise<Receipt>;
}

/** Content whose MD5 and checksum are made while it is read. */
export function measured(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  algorithm?: ChecksumAlgorithm,
): Content {
  const md5 = createHash('md5');
  const checksum = algorithm && startChecksum(algorithm);
  let size = 0;
  async function* pieces() {
    for await (const piece of source) {
      size += piece.byteLength;
      md5.update(piece);
      checksum?.update(piece);
      yield piece;
    }
  }
  return {
    pieces: pieces(),
    receipt: async () => ({
      size,
      md5: md5.digest('hex'),
      checksum: algorithm && checksum && { algorithm, type: 'FULL_OBJECT', value: await checksum.end() },
    }),
  };
}

/**
 * The content of a request, without the frames of `aws-chunked`. Its receipt verifies the length, `Content-MD5` and the
 * checksum that a header or a trailer gives.
 *
 * @param algorithm - a checksum to make if the request names none
 */
export function contentOf(
  headers: IncomingHttpHeaders,
  stream: Readable,
  algorithm?: ChecksumAlgorithm,
): Content {
  const trailers = new Map<string, string>();
  const isChunked = header({ headers }, 'x-amz-content-sha256')?.startsWith('STREAMING-') ?? false;
  const length = announcedLength(headers, isChunked);
  const named = algorithmOf(headers);
  const bytes = received(stream);
  const content = measured(isChunked ? unchunked(bytes, trailers) : bytes, named ?? algorithm);
  return {
    pieces: content.pieces,
    receipt: async () => {
      const receipt = await content.receipt();
      const name = named && checksumHeader(named);
      const checksum = name && (header({ headers }, name) ?? trailers.get(name));
      if (name && checksum === undefined && trailerNames(headers).includes(name)) {
        const message = `The request announces the trailer ${name} and does not send it.`;
        throw new ServiceError('MalformedTrailerError', message);
      }
      verify(receipt, { length, checksum, md5: header({ headers }, 'content-md5') });
      return receipt;
    },
  };
}

/** The body of a request that is a document, as text. */
export async function documentOf({ pieces, receipt }: Content): Promise<string> {
  const read: Uint8Array[] = [];
  let size = 0;
  for await (const piece of pieces) {
    size += piece.byteLength;
    if (size > LARGEST_XML) throw new ServiceError('MalformedXML', 'The XML you provided is too large.');
    read.push(piece);
  }
  await receipt();
  return Buffer.concat(read).toString('utf8');
}

/** What comes over the connection. An iterator that is left would otherwise close it, and no error could be answered. */
async function* received(stream: Readable): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of stream.iterator({ destroyOnReturn: false })) yield piece as Uint8Array;
  } catch {
    throw new ServiceError('IncompleteBody', 'The connection ended before the request did.');
  }
}

function announcedLength(headers: IncomingHttpHeaders, isChunked: boolean): number | undefined {
  const text = header({ headers }, isChunked ? 'x-amz-decoded-content-length' : 'content-length');
  const length = text === undefined ? undefined : Number(text);
  if (length !== undefined && length > LARGEST_PUT) {
    const message = `Your proposed upload exceeds the maximum allowed size of ${LARGEST_PUT} bytes; upload it in parts.`;
    throw new ServiceError('EntityTooLarge', message);
  }
  return length;
}

/** The algorithm of the checksum that a request sends, in a header or a trailer, or asks for. */
function algorithmOf(headers: IncomingHttpHeaders): ChecksumAlgorithm | undefined {
  const trailers = trailerNames(headers);
  const sent = CHECKSUM_ALGORITHMS.find((algorithm) => {
    const name = checksumHeader(algorithm);
    return headers[name] !== undefined || trailers.includes(name);
  });
  return sent ?? readAlgorithm(header({ headers }, 'x-amz-sdk-checksum-algorithm'));
}

const trailerNames = (headers: IncomingHttpHeaders): string[] =>
  (header({ headers }, 'x-amz-trailer') ?? '').split(',').map((name) => name.trim().toLowerCase());

/** @throws ServiceError for an algorithm that S3 does not have */
export function readAlgorithm(name: string | undefined): ChecksumAlgorithm | undefined {
  const algorithm = name?.toUpperCase();
  if (algorithm === undefined || algorithm === 'MD5' || isChecksumAlgorithm(algorithm)) {
    return algorithm === 'MD5' ? undefined : algorithm;
  }
  const message = `Checksum algorithm provided is unsupported: it is one of ${CHECKSUM_ALGORITHMS.join(', ')}.`;
  throw new ServiceError('InvalidRequest', message);
}

function verify(
  { size, md5, checksum }: Receipt,
  announced: { length?: number | undefined; checksum?: string | undefined; md5?: string | undefined },
): void {
  if (announced.length !== undefined && announced.length !== size) {
    const message = `You did not provide the number of bytes specified by the Content-Length HTTP header: ${announced.length} announced, ${size} received.`;
    throw new ServiceError('IncompleteBody', message);
  }
  if (announced.md5 !== undefined && announced.md5 !== Buffer.from(md5, 'hex').toString('base64')) {
    throw new ServiceError('BadDigest', 'The Content-MD5 you specified did not match what we received.');
  }
  if (checksum && announced.checksum !== undefined && announced.checksum !== checksum.value) {
    throw checksumMismatch(checksum.algorithm);
  }
}
