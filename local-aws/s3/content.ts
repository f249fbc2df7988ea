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

/** The largest content of one PutObject, CopyObject or UploadPart. (S3 user guide, "Uploading objects") */
export const LARGEST_PUT = 5 * 1024 ** 3;

/** The largest XML body. CompleteMultipartUpload has the longest: 10,000 parts, each with a checksum, fit in. */
const LARGEST_XML = 8 * 1024 ** 2;

/** The size and the hashes of content, which are known when it has been read to its end. */
export interface Receipt {
  readonly size: number;
  /** Hexadecimal. */
  readonly md5: string;
  readonly checksum?: StoredChecksum | undefined;
}

/** Content that is read piece by piece, once. */
export interface Content {
  readonly pieces: AsyncIterable<Uint8Array>;
  /** To be called when all pieces have been read. @throws ServiceError if the content differs from what the headers announce */
  readonly receipt: () => Promise<Receipt>;
}

/** Content whose MD5 and checksum are computed while it is read, so that it is read only once. */
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
 * The content of a request, decoded if it is sent as `aws-chunked`. Its receipt verifies the length, `Content-MD5` and the
 * checksum in a header or a trailer.
 *
 * @param algorithm - the checksum to compute if the request names none
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

/** The text of a request's XML document. */
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

/**
 * The body of a request, as it arrives. A loop over the stream itself would close the connection when it is left early, for
 * example because of an error, and the client would get no reply.
 */
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

/** The algorithm of the checksum in a request's headers or trailer, or the one that `x-amz-sdk-checksum-algorithm` names. */
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

/** @throws ServiceError `InvalidRequest` for an algorithm that S3 does not support */
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
