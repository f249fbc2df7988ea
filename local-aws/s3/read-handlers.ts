import { closeSync, createReadStream, readSync } from 'node:fs';
import { ServiceError } from '../errors.ts';
import type { HttpReply } from '../protocols/http.ts';
import { checkReadable } from './conditions.ts';
import { checksumHeaders, refuseArchived, shownHeaders } from './object-headers.ts';
import { PIECE, SMALL, type FoundObject } from './object-finder.ts';
import type { ObjectFacts } from './object-rows.ts';
import { header, type S3Request } from './protocol.ts';
import type { S3 } from './s3.ts';

interface Range {
  readonly start: number;
  /** Included. */
  readonly end: number;
}

export const readHandlers = (s3: S3) => ({
  async HeadObject(request: S3Request): Promise<HttpReply> {
    const object = s3.require(request);
    const { headers, status } = await described(s3, request, object);
    return { status, headers };
  },

  async GetObject(request: S3Request): Promise<HttpReply> {
    const { file, object } = s3.open(request);
    try {
      refuseArchived(await s3.finder.facts(object));
      const { headers, status, range } = await described(s3, request, object);
      const length = range.end - range.start + 1;
      if (length <= SMALL) {
        const body = Buffer.alloc(length);
        readSync(file, body, 0, length, range.start);
        closeSync(file);
        return { status, headers, body };
      }
      return { status, headers, stream: createReadStream('', { fd: file, ...range, highWaterMark: PIECE }) };
    } catch (error) {
      closeSync(file);
      throw error;
    }
  },
});

/** The status and the headers of the reply to GetObject or HeadObject, and the range of bytes that is returned. */
async function described(s3: S3, request: S3Request, object: FoundObject) {
  const facts = await s3.finder.facts(object);
  checkReadable(request, object, facts.etag);
  const range = rangeOf(request, object, facts);
  const { start, end } = range ?? { start: 0, end: object.size - 1 };
  const isWhole = end - start + 1 === object.size;
  const headers = {
    ...shownHeaders(request, object, facts),
    // Clients compare the checksum with the bytes that they get. With a range, the checksum of the whole object would be wrong.
    ...(isWhole && header(request, 'x-amz-checksum-mode') === 'ENABLED' && checksumHeaders(facts)),
    ...(range && { 'content-range': `bytes ${start}-${end}/${object.size}` }),
    'content-length': String(end - start + 1),
  };
  return { status: range ? 206 : 200, headers, range: { start, end } };
}

function rangeOf(request: S3Request, object: FoundObject, facts: ObjectFacts): Range | undefined {
  const part = request.query.get('partNumber');
  if (part !== null) return partOf(Number(part), object, facts);
  const ifRange = header(request, 'if-range');
  const range = header(request, 'range');
  if (range === undefined || (ifRange !== undefined && ifRange !== `"${facts.etag}"`)) return undefined;
  return byteRange(range, object.size);
}

/** Reads the header `Range`. Undefined if it is not one valid range of bytes: HTTP ignores it then, and returns all bytes. */
function byteRange(header: string, size: number): Range | undefined {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(header) ?? [];
  if (!first && !last) return undefined;
  const start = first ? Number(first) : Math.max(size - Number(last), 0);
  const end = first && last ? Math.min(Number(last), size - 1) : size - 1;
  if (start <= end) return { start, end };
  // A range that ends before its start, such as `bytes=5-2`, is invalid, and therefore ignored.
  if (first && last && Number(last) < start) return undefined;
  throw new ServiceError('InvalidRange', 'The requested range is not satisfiable');
}

/** The range of a part of a multipart object. An object that was not uploaded in parts has one part. */
function partOf(number: number, { size }: FoundObject, { partSizes = [size] }: ObjectFacts): Range {
  const length = partSizes[number - 1];
  if (length === undefined) {
    throw new ServiceError('InvalidPartNumber', 'The requested partnumber is not satisfiable', {
      status: 416,
    });
  }
  const start = partSizes.slice(0, number - 1).reduce((sum, each) => sum + each, 0);
  return { start, end: start + length - 1 };
}
