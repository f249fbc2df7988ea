import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { ServiceError } from '../errors.ts';
import type { HttpReply } from '../protocols/http.ts';
import {
  CHECKSUM_ALGORITHMS,
  checksumElement,
  checksumElements,
  checksumHeader,
  checksumMismatch,
  compositeOf,
  startChecksum,
  type StoredChecksum,
} from './checksums.ts';
import { writeCondition } from './conditions.ts';
import { contentOf, documentOf } from './content.ts';
import { PIECE } from './object-finder.ts';
import type { NewObject } from './object-writer.ts';
import { header, type S3Request } from './protocol.ts';
import type { S3 } from './s3.ts';
import type { Part, Upload } from './uploads.ts';
import { listOf, malformed, parseDocument, textOf, xmlReply } from './xml.ts';

/** The minimum size of each part except the last one. (S3 user guide, "Amazon S3 multipart upload limits") */
const SMALLEST_PART = 5 * 1024 * 1024;

/** A part as the request of CompleteMultipartUpload names it. */
interface NamedPart {
  readonly number: number;
  readonly etag: string;
  readonly checksums: readonly { readonly element: string; readonly value: string }[];
}

export const completionHandlers = (s3: S3) => ({
  async CompleteMultipartUpload(request: S3Request): Promise<HttpReply> {
    const { bucket, key, query } = request;
    const { etag, checksum } = await s3.uploads.end(request, query.get('uploadId'), async (upload) => {
      // No headers are passed: a checksum in them is that of the finished object, and would not match this XML document.
      const document = await documentOf(contentOf({}, request.content));
      const parts = namedParts(document).map((named) => storedPart(s3, upload, named));
      if (parts.slice(0, -1).some(({ size }) => size < SMALLEST_PART)) {
        const message = `Your proposed upload is smaller than the minimum allowed size: all parts but the last must have at least ${SMALLEST_PART} bytes.`;
        throw new ServiceError('EntityTooSmall', message);
      }
      return s3.buckets.writer.put(request, joined(s3, request, upload, parts));
    });
    return xmlReply('CompleteMultipartUploadResult', {
      Location: `/${bucket}/${key}`,
      Bucket: bucket,
      Key: key,
      ETag: `"${etag}"`,
      ...checksumElements(checksum),
      ChecksumType: checksum?.type,
    });
  },
});

/** The object that the parts form, read one after the other. */
function joined(s3: S3, request: S3Request, upload: Upload, parts: readonly Part[]): NewObject {
  const { algorithm, checksumType, headers, tagging } = upload;
  const whole = checksumType === 'FULL_OBJECT' && algorithm ? startChecksum(algorithm) : undefined;
  async function* pieces() {
    for (const part of parts) {
      const file = s3.uploads.fileOf(upload, part);
      for await (const piece of createReadStream(file, { highWaterMark: PIECE })) {
        whole?.update(piece as Buffer);
        yield piece as Buffer;
      }
    }
  }
  const checksumOf = async (): Promise<StoredChecksum | undefined> =>
    whole && algorithm
      ? { algorithm, type: 'FULL_OBJECT', value: await whole.end() }
      : composite(upload, parts);
  return {
    pieces: pieces(),
    condition: writeCondition(request, s3.finder),
    facts: async () => {
      const checksum = await checksumOf();
      compare(request, checksum);
      const partSizes = parts.map(({ size }) => size);
      return { etag: etagOf(parts), headers, tagging, checksum, partSizes };
    },
  };
}

/** The ETag of a multipart object in S3: the MD5 of the concatenated MD5s of its parts, then `-` and the number of parts. */
function etagOf(parts: readonly Part[]): string {
  const hash = createHash('md5');
  for (const { md5 } of parts) hash.update(md5, 'hex');
  return `${hash.digest('hex')}-${parts.length}`;
}

async function composite({ algorithm }: Upload, parts: readonly Part[]): Promise<StoredChecksum | undefined> {
  const values = parts.flatMap(({ checksum }) =>
    checksum && checksum.algorithm === algorithm ? [checksum.value] : [],
  );
  return algorithm && values.length === parts.length ? compositeOf(algorithm, values) : undefined;
}

/** @throws ServiceError `BadDigest` if the request gives a checksum of the object that differs from the computed one */
function compare(request: S3Request, checksum: StoredChecksum | undefined): void {
  if (!checksum) return;
  const named = header(request, checksumHeader(checksum.algorithm));
  // Clients send a composite checksum without the number of parts: `poTHxg==` for `poTHxg==-2`.
  if (named === undefined || named === checksum.value || named === checksum.value.split('-')[0]) return;
  throw checksumMismatch(checksum.algorithm);
}

/** @throws ServiceError `MalformedXML` for a list without parts, `InvalidPartOrder` if the part numbers do not ascend */
function namedParts(text: string): NamedPart[] {
  const parts = listOf(parseDocument(text, 'CompleteMultipartUpload'), 'Part').map((part) => ({
    number: Number(textOf(part, 'PartNumber')),
    etag: (textOf(part, 'ETag') ?? '').trim().replaceAll('"', ''),
    checksums: CHECKSUM_ALGORITHMS.map(checksumElement).flatMap((element) => {
      const value = textOf(part, element)?.trim();
      return value ? [{ element, value }] : [];
    }),
  }));
  if (parts.length === 0) throw malformed('it names no part');
  if (parts.every(({ number }, index) => index === 0 || number > (parts[index - 1]?.number ?? 0)))
    return parts;
  const message = 'The list of parts was not in ascending order. Parts must be ordered by part number.';
  throw new ServiceError('InvalidPartOrder', message);
}

/** @throws ServiceError `InvalidPart` if the part was not uploaded, or if its ETag or checksum is not the one in the request */
function storedPart(s3: S3, upload: Upload, { number, etag, checksums }: NamedPart): Part {
  const part = s3.uploads.part(upload, number);
  const isSame = checksums.every(
    ({ element, value }) =>
      !part?.checksum ||
      checksumElement(part.checksum.algorithm) !== element ||
      part.checksum.value === value,
  );
  if (part && part.md5 === etag && isSame) return part;
  const message = `Part ${number} could not be found. It may not have been uploaded, or its ETag or checksum may not match that of the part.`;
  throw new ServiceError('InvalidPart', message);
}
