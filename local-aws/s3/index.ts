import path from 'node:path';
import { ServiceError } from '../errors.ts';
import type { HttpReply, Service } from '../protocols/http.ts';
import type { World } from '../world.ts';
import type { ObjectInfo } from './buckets.ts';
import { Uploads, partNumberOf } from './uploads.ts';
import { s3Protocol, xml, type S3Operation, type S3Request } from './protocol.ts';

/** As much of Amazon S3 as imports need to be fed and their outputs to be read. */
export function s3(world: World): Service {
  const handlers = s3Handlers(world);
  return {
    name: 's3',
    protocol: s3Protocol,
    resume: () => {},
    run: (operation, input) => handlers[operation as S3Operation](input as S3Request),
  };
}

function s3Handlers({
  buckets,
  data,
}: World): Record<S3Operation, (request: S3Request) => Promise<HttpReply>> {
  const uploads = new Uploads(path.join(data, 's3-uploads'));
  const requireBucket = async (bucket: string) => {
    if (!(await buckets.exists(bucket))) {
      throw new ServiceError('NoSuchBucket', 'The specified bucket does not exist');
    }
  };
  const requireObject = async (location: S3Request): Promise<ObjectInfo> => {
    const info = await buckets.info(location);
    if (info) return info;
    await requireBucket(location.bucket);
    throw new ServiceError('NoSuchKey', 'The specified key does not exist.');
  };

  return {
    async CreateBucket({ bucket }) {
      await buckets.create(bucket);
      return { status: 200, headers: { location: `/${bucket}` } };
    },

    async HeadBucket({ bucket }) {
      await requireBucket(bucket);
      return { status: 200, headers: {} };
    },

    /** A bucket that is not there comes into being: on a laptop nobody else could own its name. */
    async PutObject(request) {
      const { etag } = await buckets.write(request, request.body);
      return { status: 200, headers: { etag } };
    },

    async CreateMultipartUpload({ bucket, key }) {
      const UploadId = await uploads.begin({ bucket, key });
      return xmlReply(xml('InitiateMultipartUploadResult', { Bucket: bucket, Key: key, UploadId }));
    },

    async UploadPart(request) {
      const etag = await uploads.writePart(request, partNumberOf(request), request.body);
      return { status: 200, headers: { etag } };
    },

    async CompleteMultipartUpload(request) {
      const { etag } = await buckets.write(request, await uploads.join(request));
      await uploads.remove(request);
      const { bucket, key } = request;
      return xmlReply(xml('CompleteMultipartUploadResult', { Bucket: bucket, Key: key, ETag: etag }));
    },

    async AbortMultipartUpload(request) {
      await uploads.remove(request);
      return { status: 204, headers: {} };
    },

    async HeadObject(request) {
      const info = await requireObject(request);
      return { status: 200, headers: { ...headersOf(info), 'content-length': String(info.size) } };
    },

    async GetObject(request) {
      const info = await requireObject(request);
      const range = request.range === undefined ? undefined : rangeOf(request.range, info.size);
      if (!range) return { status: 200, headers: headersOf(info), body: (await buckets.read(request)) ?? '' };
      const [start, end] = range;
      const headers = { ...headersOf(info), 'content-range': `bytes ${start}-${end}/${info.size}` };
      return { status: 206, headers, body: await buckets.readRange(request, start, end) };
    },

    async DeleteObject(request) {
      await requireBucket(request.bucket);
      await buckets.delete(request);
      return { status: 204, headers: {} };
    },

    async ListObjectsV2({ bucket, query }) {
      await requireBucket(bucket);
      const objects = await buckets.list(bucket, query.get('prefix') ?? '');
      return xmlReply(listing(bucket, objects, query));
    },
  };
}

const xmlReply = (body: string): HttpReply => ({
  status: 200,
  headers: { 'content-type': 'application/xml' },
  body,
});

const headersOf = ({ etag, modified }: ObjectInfo) => ({
  etag,
  'last-modified': modified.toUTCString(),
  'accept-ranges': 'bytes',
  'content-type': 'application/octet-stream',
});

/** One range, both ends included; nothing for a header that is not one, which HTTP ignores. */
function rangeOf(header: string, size: number): [start: number, end: number] | undefined {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(header) ?? [];
  if (!first && !last) return undefined;
  const start = first ? Number(first) : Math.max(size - Number(last), 0);
  const end = first && last ? Math.min(Number(last), size - 1) : size - 1;
  if (start > end) throw new ServiceError('InvalidRange', 'The requested range is not satisfiable');
  return [start, end];
}

/** Objects, and the common prefixes that a delimiter folds them into, in one order and under one limit. */
function listing(bucket: string, objects: readonly ObjectInfo[], query: URLSearchParams): string {
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const token = query.get('continuation-token') ?? undefined;
  const start = token === undefined ? query.get('start-after') : Buffer.from(token, 'base64url').toString();
  const maxKeys = Math.min(Number(query.get('max-keys') ?? 1000) || 0, 1000);
  const encode = query.get('encoding-type') === 'url' ? urlEncoded : (key: string) => key;

  const entries = new Map<string, ObjectInfo | undefined>();
  for (const object of objects) {
    const cut = delimiter ? object.key.indexOf(delimiter, prefix.length) : -1;
    const name = cut === -1 ? object.key : object.key.slice(0, cut + delimiter.length);
    if (!start || Buffer.compare(Buffer.from(name), Buffer.from(start)) > 0) {
      entries.set(name, cut === -1 ? object : undefined);
    }
  }
  const page = [...entries].slice(0, maxKeys);
  const last = page.at(-1)?.[0];
  const truncated = entries.size > page.length && last !== undefined;
  return xml('ListBucketResult', {
    Name: bucket,
    Prefix: encode(prefix),
    Delimiter: delimiter || undefined,
    MaxKeys: maxKeys,
    KeyCount: page.length,
    IsTruncated: truncated,
    ContinuationToken: token,
    NextContinuationToken: truncated ? Buffer.from(last).toString('base64url') : undefined,
    EncodingType: query.get('encoding-type') ?? undefined,
    Contents: page.flatMap(([key, object]) => (object ? [contentsOf(encode(key), object)] : [])),
    CommonPrefixes: page.flatMap(([name, object]) => (object ? [] : [{ Prefix: encode(name) }])),
  });
}

const urlEncoded = (key: string) => encodeURIComponent(key).replaceAll('%2F', '/');

const contentsOf = (Key: string, { size, modified, etag }: ObjectInfo) => ({
  Key,
  LastModified: modified.toISOString(),
  ETag: etag,
  Size: size,
  StorageClass: 'STANDARD',
});
