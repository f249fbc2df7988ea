import { ServiceError } from '../errors.ts';
import {
  commonErrorStatus,
  retryAfter,
  type HttpReply,
  type HttpRequest,
  type Protocol,
} from '../protocols/http.ts';
import { unchunked } from './aws-chunked.ts';
import type { S3Location } from './buckets.ts';

/** The operations of S3 that the local AWS does. */
export const s3Operations = [
  'CreateBucket',
  'HeadBucket',
  'ListObjectsV2',
  'PutObject',
  'GetObject',
  'HeadObject',
  'DeleteObject',
  'CreateMultipartUpload',
  'UploadPart',
  'CompleteMultipartUpload',
  'AbortMultipartUpload',
] as const;

export type S3Operation = (typeof s3Operations)[number];

/** What a call says: the location from the path, the rest from query and headers. */
export interface S3Request extends S3Location {
  readonly query: URLSearchParams;
  readonly range?: string | undefined;
  readonly body: Uint8Array;
}

/** Methods of a bucket and of an object; other uses of them are told by a query parameter. */
const routes: Readonly<Record<'bucket' | 'object', Readonly<Record<string, S3Operation>>>> = {
  bucket: { PUT: 'CreateBucket', HEAD: 'HeadBucket', GET: 'ListObjectsV2' },
  object: { PUT: 'PutObject', GET: 'GetObject', HEAD: 'HeadObject', DELETE: 'DeleteObject' },
};

/** Methods of an object with `uploadId` in the query: an upload in parts. `POST ?uploads` begins one. */
const uploadRoutes: Readonly<Record<string, S3Operation>> = {
  PUT: 'UploadPart',
  POST: 'CompleteMultipartUpload',
  DELETE: 'AbortMultipartUpload',
};

/** Parameters that select some other operation: those of tags, versions, policies and so on. */
const foreign = ['tagging', 'acl', 'versions', 'policy', 'location', 'delete', 'cors'];

/**
 * S3's REST protocol with XML, path style. By hand: its routes differ by query string alone and take the bucket from the
 * endpoint rules, so the mirror of the SDK's codec would be more code than this.
 */
export const s3Protocol: Protocol = {
  operations: s3Operations,

  operationOf({ method, path, query, headers }) {
    const { bucket, key } = locationOf(path);
    if (!bucket || headers['x-amz-copy-source'] !== undefined) return undefined;
    if (foreign.some((name) => query.has(name))) return undefined;
    if (query.has('uploads')) return key && method === 'POST' ? 'CreateMultipartUpload' : undefined;
    if (query.has('uploadId')) return key ? uploadRoutes[method] : undefined;
    return routes[key ? 'object' : 'bucket'][method];
  },

  decode(_operation, { path, query, headers, body }: HttpRequest): Promise<S3Request> {
    const chunked = String(headers['x-amz-content-sha256'] ?? '').startsWith('STREAMING-');
    return Promise.resolve({
      ...locationOf(path),
      query,
      range: headers.range,
      body: chunked ? unchunked(body) : body,
    });
  },

  encode: (_operation, reply) => Promise.resolve(reply as HttpReply),

  encodeError(error) {
    const headers = { 'content-type': 'application/xml', ...retryAfter(error) };
    const { type, message } = error;
    return { status: statusOf(error), headers, body: xml('Error', { Code: type, Message: message }) };
  },
};

function statusOf({ type, wire }: ServiceError): number {
  const status: Readonly<Record<string, number>> = {
    NoSuchBucket: 404,
    NoSuchKey: 404,
    NoSuchUpload: 404,
    NotFound: 404,
    AccessDenied: 403,
    InvalidRange: 416,
    SlowDown: 503,
    InternalError: 500,
  };
  return wire.status ?? status[type] ?? commonErrorStatus[type] ?? 400;
}

function locationOf(path: string): S3Location {
  const [bucket = '', ...key] = path.slice(1).split('/');
  try {
    return { bucket: decodeURIComponent(bucket), key: decodeURIComponent(key.join('/')) };
  } catch {
    throw new ServiceError('InvalidURI', "Couldn't parse the specified URI.");
  }
}

type XmlValue = string | number | boolean | undefined | readonly Readonly<Record<string, string | number>>[];

/** An element with one child for each member; a list is its children side by side. */
export function xml(root: string, members: Readonly<Record<string, XmlValue>>): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element(root, members)}`;
}

function element(name: string, members: Readonly<Record<string, XmlValue>>): string {
  const children = Object.entries(members).map(([child, value]) => {
    if (value === undefined) return '';
    if (typeof value === 'object') return value.map((item) => element(child, item)).join('');
    return `<${child}>${escaped(String(value))}</${child}>`;
  });
  return `<${name}>${children.join('')}</${name}>`;
}

/** Control characters may stand in keys, but in XML only as references. */
const escaped = (text: string) => text.replaceAll(/[&<>"\r\n\t]/g, (char) => `&#${char.charCodeAt(0)};`);
