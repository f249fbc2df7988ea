import { createReadStream } from 'node:fs';
import { ServiceError } from '../errors.ts';
import type { HttpReply } from '../protocols/http.ts';
import { checkReadable, writeCondition } from './conditions.ts';
import { LARGEST_PUT, contentOf, documentOf, measured, readAlgorithm } from './content.ts';
import { copySourceOf } from './copy-source.ts';
import { checksumElement } from './checksums.ts';
import { checksumHeaders, keptHeaders } from './object-headers.ts';
import { PIECE } from './object-finder.ts';
import { header, type S3Request } from './protocol.ts';
import type { S3 } from './s3.ts';
import { listOf, malformed, parseDocument, textOf, xmlReply } from './xml.ts';

/** (S3 API reference, "DeleteObjects") */
const MOST_DELETES = 1000;

export const writeHandlers = (s3: S3) => ({
  async PutObject(request: S3Request): Promise<HttpReply> {
    s3.requireTarget(request.bucket);
    const headers = keptHeaders(request);
    const { pieces, receipt } = contentOf(request.headers, request.content);
    const facts = await s3.buckets.writer.put(request, {
      pieces,
      condition: writeCondition(request, s3.finder),
      facts: async () => {
        const { md5, checksum } = await receipt();
        return { etag: md5, headers, checksum, tagging: header(request, 'x-amz-tagging') };
      },
    });
    return { status: 200, headers: { etag: `"${facts.etag}"`, ...checksumHeaders(facts) } };
  },

  async CopyObject(request: S3Request): Promise<HttpReply> {
    s3.requireTarget(request.bucket);
    const source = s3.require(copySourceOf(request));
    const known = await s3.finder.facts(source);
    checkReadable(request, source, known.etag, 'x-amz-copy-source-');
    const replaces = directiveOf(request, 'x-amz-metadata-directive') === 'REPLACE';
    if (!replaces && source.bucket === request.bucket && source.key === request.key) {
      const message =
        "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata. Send x-amz-metadata-directive: REPLACE.";
      throw new ServiceError('InvalidRequest', message);
    }
    if (source.size > LARGEST_PUT) {
      const message = `The specified copy source is larger than the maximum allowable size for a copy source: ${LARGEST_PUT}`;
      throw new ServiceError('InvalidRequest', message);
    }
    const algorithm = readAlgorithm(header(request, 'x-amz-checksum-algorithm')) ?? known.checksum?.algorithm;
    const stream = createReadStream(source.place.file, { highWaterMark: PIECE });
    const { pieces, receipt } = measured(stream, algorithm);
    const { etag, checksum } = await s3.buckets.writer.put(request, {
      pieces,
      condition: writeCondition(request, s3.finder),
      facts: async () => {
        const { md5, checksum } = await receipt();
        const headers = replaces ? keptHeaders(request) : (known.headers ?? {});
        const tagging = replacesTags(request) ? header(request, 'x-amz-tagging') : known.tagging;
        return { etag: md5, checksum, headers, tagging };
      },
    });
    return xmlReply('CopyObjectResult', {
      LastModified: s3.require(request).modified.toISOString(),
      ETag: `"${etag}"`,
      ...(checksum && { [checksumElement(checksum.algorithm)]: checksum.value, ChecksumType: checksum.type }),
    });
  },

  async DeleteObject(request: S3Request): Promise<HttpReply> {
    s3.requireBucket(request.bucket);
    await s3.buckets.writer.delete(request, writeCondition(request, s3.finder));
    return { status: 204, headers: {} };
  },

  async DeleteObjects(request: S3Request): Promise<HttpReply> {
    const { bucket } = request;
    s3.requireBucket(bucket);
    const text = await documentOf(contentOf(request.headers, request.content));
    const document = parseDocument(text, 'Delete');
    const keys = listOf(document, 'Object').map((object) => textOf(object, 'Key') ?? '');
    if (keys.length === 0 || keys.length > MOST_DELETES || keys.includes('')) {
      throw malformed(`it has 1 to ${MOST_DELETES} elements Object, each with a Key`);
    }
    const deleted: { Key: string }[] = [];
    const errors: { Key: string; Code: string; Message: string }[] = [];
    for (const Key of keys) {
      try {
        await s3.buckets.writer.delete({ bucket, key: Key });
        deleted.push({ Key });
      } catch (error) {
        if (!(error instanceof ServiceError)) throw error;
        errors.push({ Key, Code: error.type, Message: error.message });
      }
    }
    const isQuiet = textOf(document, 'Quiet')?.trim() === 'true';
    return xmlReply('DeleteResult', { Deleted: isQuiet ? [] : deleted, Error: errors });
  },
});

const replacesTags = (request: S3Request) => directiveOf(request, 'x-amz-tagging-directive') === 'REPLACE';

function directiveOf(request: S3Request, name: string): 'COPY' | 'REPLACE' {
  const directive = header(request, name) ?? 'COPY';
  if (directive === 'COPY' || directive === 'REPLACE') return directive;
  throw new ServiceError('InvalidArgument', `${name} is COPY or REPLACE.`);
}
