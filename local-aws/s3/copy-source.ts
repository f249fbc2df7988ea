import { closeSync, createReadStream, type ReadStream } from 'node:fs';
import { ServiceError } from '../errors.ts';
import { checkReadable } from './conditions.ts';
import { PIECE, type FoundObject } from './object-finder.ts';
import { refuseArchived } from './object-headers.ts';
import type { ObjectFacts } from './object-rows.ts';
import type { S3Location } from './places.ts';
import { header, type S3Request } from './protocol.ts';
import type { S3 } from './s3.ts';

/** The source of a copy: the object, its metadata and its content. */
export interface CopySource {
  readonly object: FoundObject;
  readonly facts: ObjectFacts;
  readonly content: ReadStream;
}

/**
 * Calls `copy` with the object that the header `x-amz-copy-source` names, if it meets the conditions of the request. The file of
 * the object is opened once, so that the content belongs to the metadata even if the object is replaced meanwhile.
 *
 * @param rangeOf - the bytes to read, both ends included; undefined for all
 * @throws ServiceError `NoSuchBucket`, `NoSuchKey`, `PreconditionFailed`, `InvalidObjectState`, or what `copy` throws
 */
export async function copyFrom<T>(
  s3: S3,
  request: S3Request,
  rangeOf: (object: FoundObject) => { start: number; end: number } | undefined,
  copy: (source: CopySource) => Promise<T>,
): Promise<T> {
  const { file, object } = s3.open(copySourceOf(request));
  let content: ReadStream | undefined;
  try {
    const facts = await s3.finder.facts(object);
    checkReadable(request, object, facts.etag, 'x-amz-copy-source-');
    refuseArchived(facts);
    content = createReadStream('', { fd: file, ...rangeOf(object), highWaterMark: PIECE });
    return await copy({ object, facts, content });
  } finally {
    if (content) content.destroy();
    else closeSync(file);
  }
}

/** Reads `x-amz-copy-source`: `bucket/key` or `/bucket/key`, percent-encoded. A `?versionId=…` at its end is ignored. */
function copySourceOf(request: S3Request): S3Location {
  const text = header(request, 'x-amz-copy-source') ?? '';
  const [path = ''] = text.split('?versionId=');
  try {
    const [, bucket = '', key = ''] = /^\/?([^/]+)\/(.+)$/s.exec(decodeURIComponent(path)) ?? [];
    if (key) return { bucket, key };
  } catch {
    // The percent-encoding is invalid: refused below.
  }
  throw new ServiceError(
    'InvalidArgument',
    'Copy Source must mention the source bucket and key: sourcebucket/sourcekey',
  );
}
