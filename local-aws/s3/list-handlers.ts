import { ServiceError } from '../errors.ts';
import type { HttpReply } from '../protocols/http.ts';
import { foldedPage } from './folding.ts';
import type { FoundObject } from './object-finder.ts';
import { storageClassOf } from './object-headers.ts';
import type { ObjectFacts } from './object-rows.ts';
import { pageSizeIn, type S3Request } from './protocol.ts';
import type { S3 } from './s3.ts';
import { xmlReply, type XmlMembers } from './xml.ts';

/** The most keys on a page. (S3 API reference, "ListObjectsV2") */
const MOST_KEYS = 1000;

export const listHandlers = (s3: S3) => ({
  async ListObjects(request: S3Request): Promise<HttpReply> {
    const marker = request.query.get('marker') ?? '';
    const { members, encode, next } = await page(s3, request, marker, true);
    return xmlReply('ListBucketResult', {
      ...members,
      Marker: encode(marker),
      // S3 sends NextMarker only with a delimiter. Without one, clients continue after the last key of the page.
      NextMarker: members.Delimiter === undefined || next === undefined ? undefined : encode(next),
    });
  },

  async ListObjectsV2(request: S3Request): Promise<HttpReply> {
    const { query } = request;
    const token = query.get('continuation-token') ?? undefined;
    const startAfter = query.get('start-after') ?? '';
    const after = token === undefined ? startAfter : readToken(token);
    const { members, encode, next, count } = await page(
      s3,
      request,
      after,
      query.get('fetch-owner') === 'true',
    );
    return xmlReply('ListBucketResult', {
      ...members,
      KeyCount: count,
      StartAfter: startAfter ? encode(startAfter) : undefined,
      ContinuationToken: token,
      NextContinuationToken: next === undefined ? undefined : Buffer.from(next).toString('base64url'),
    });
  },
});

/** A page of keys, with the elements of the document that ListObjects and ListObjectsV2 have in common. */
async function page(s3: S3, request: S3Request, after: string, withOwner: boolean) {
  const { bucket, query } = request;
  s3.requireBucket(bucket);
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const most = pageSizeIn(request, 'max-keys', MOST_KEYS);
  const encode = encoderOf(query);
  const { entries, isTruncated } = foldedPage(
    { prefix, delimiter, after, most },
    (key) => s3.buckets.keys(bucket, { prefix, after: key }),
    (key) => s3.finder.find({ bucket, key }),
  );
  const owner = withOwner ? s3.owner : undefined;
  const contents: XmlMembers[] = [];
  for (const { object } of entries) {
    if (object) contents.push(contentsOf(object, await s3.finder.facts(object), encode, owner));
  }
  const members = {
    Name: bucket,
    Prefix: encode(prefix),
    Delimiter: delimiter ? encode(delimiter) : undefined,
    MaxKeys: most,
    IsTruncated: isTruncated,
    EncodingType: query.get('encoding-type') ?? undefined,
    Contents: contents,
    CommonPrefixes: entries.flatMap(({ object, name }) => (object ? [] : [{ Prefix: encode(name) }])),
  };
  return { members, encode, count: entries.length, next: isTruncated ? entries.at(-1)?.name : undefined };
}

function contentsOf(
  { key, modified, size }: FoundObject,
  { etag, checksum, headers }: ObjectFacts,
  encode: (key: string) => string,
  owner: XmlMembers | undefined,
): XmlMembers {
  return {
    Key: encode(key),
    LastModified: modified.toISOString(),
    ETag: `"${etag}"`,
    ...(checksum && { ChecksumAlgorithm: checksum.algorithm, ChecksumType: checksum.type }),
    Size: size,
    Owner: owner,
    StorageClass: storageClassOf(headers),
  };
}

/** Encodes names for the document: percent-encoded with `encoding-type=url`, because XML cannot hold control characters. */
export function encoderOf(query: URLSearchParams): (name: string) => string {
  const type = query.get('encoding-type');
  if (type === null || type === '') return (name) => name;
  if (type !== 'url')
    throw new ServiceError('InvalidArgument', 'Invalid Encoding Method specified in Request');
  return (name) => encodeURIComponent(name).replaceAll('%2F', '/');
}

function readToken(token: string): string {
  const key = Buffer.from(token, 'base64url').toString();
  if (token !== '' && Buffer.from(key).toString('base64url') === token) return key;
  throw new ServiceError('InvalidArgument', 'The continuation token provided is incorrect');
}
