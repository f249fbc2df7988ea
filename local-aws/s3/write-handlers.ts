import { ServiceError } from '../errors.ts';
import type { HttpReply } from '../protocols/http.ts';
import { writeCondition } from './conditions.ts';
import { contentOf, documentOf } from './content.ts';
import { checksumHeaders, keptHeaders } from './object-headers.ts';
import { header, type S3Request } from './protocol.ts';
import type { S3 } from './s3.ts';
import { listOf, malformed, parseDocument, textOf, xmlReply } from './xml.ts';

/** The most keys of one request. (S3 API reference, "DeleteObjects") */
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
