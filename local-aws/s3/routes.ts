import type { HttpRequest } from '../protocols/http.ts';
import { ServiceError } from '../errors.ts';
import type { S3Location } from './places.ts';

/** The operations of S3 that the local AWS has. */
export const S3_OPERATIONS = [
  'ListBuckets',
  'CreateBucket',
  'HeadBucket',
  'DeleteBucket',
  'GetBucketLocation',
  'ListObjects',
  'ListObjectsV2',
  'ListMultipartUploads',
  'DeleteObjects',
  'PutObject',
  'CopyObject',
  'GetObject',
  'HeadObject',
  'DeleteObject',
  'GetObjectTagging',
  'PutObjectTagging',
  'DeleteObjectTagging',
  'CreateMultipartUpload',
  'UploadPart',
  'UploadPartCopy',
  'ListParts',
  'CompleteMultipartUpload',
  'AbortMultipartUpload',
] as const;

export type S3Operation = (typeof S3_OPERATIONS)[number];

type Route = readonly [
  level: 'service' | 'bucket' | 'object',
  method: string,
  /** The query parameters that the request must have: `uploads` with any value, `list-type=2` with this value. */
  query: readonly string[],
  operation: S3Operation,
  /** Given if the request must have the header `x-amz-copy-source`. */
  copies?: 'copies',
];

/** A request is for the operation of the first route that fits. */
const routes: readonly Route[] = [
  ['service', 'GET', [], 'ListBuckets'],
  ['bucket', 'PUT', [], 'CreateBucket'],
  ['bucket', 'HEAD', [], 'HeadBucket'],
  ['bucket', 'DELETE', [], 'DeleteBucket'],
  ['bucket', 'GET', ['location'], 'GetBucketLocation'],
  ['bucket', 'GET', ['uploads'], 'ListMultipartUploads'],
  ['bucket', 'GET', ['list-type=2'], 'ListObjectsV2'],
  ['bucket', 'GET', [], 'ListObjects'],
  ['bucket', 'POST', ['delete'], 'DeleteObjects'],
  ['object', 'PUT', ['uploadId'], 'UploadPartCopy', 'copies'],
  ['object', 'PUT', ['uploadId'], 'UploadPart'],
  ['object', 'PUT', [], 'CopyObject', 'copies'],
  ['object', 'PUT', [], 'PutObject'],
  ['object', 'GET', ['uploadId'], 'ListParts'],
  ['object', 'GET', ['tagging'], 'GetObjectTagging'],
  ['object', 'PUT', ['tagging'], 'PutObjectTagging'],
  ['object', 'DELETE', ['tagging'], 'DeleteObjectTagging'],
  ['object', 'GET', [], 'GetObject'],
  ['object', 'HEAD', [], 'HeadObject'],
  ['object', 'DELETE', ['uploadId'], 'AbortMultipartUpload'],
  ['object', 'DELETE', [], 'DeleteObject'],
  ['object', 'POST', ['uploads'], 'CreateMultipartUpload'],
  ['object', 'POST', ['uploadId'], 'CompleteMultipartUpload'],
];

/** Query parameters that select an operation. Others do not, such as `prefix` or the signature of a presigned URL. */
const SELECTING = new Set(
  `uploads uploadId location delete list-type acl accelerate analytics attributes cors encryption
  intelligent-tiering inventory legal-hold lifecycle logging metadataTable metrics notification object-lock
  ownershipControls policy policyStatus publicAccessBlock replication requestPayment restore retention select session
  tagging torrent versioning versions website renameObject`.split(/\s+/),
);

export function operationOf(request: HttpRequest): S3Operation | undefined {
  const { bucket, key } = locationOf(request);
  const level = key ? 'object' : bucket ? 'bucket' : 'service';
  const isCopy = request.headers['x-amz-copy-source'] !== undefined;
  return routes.find(([of, method, query, , copies]) => {
    if (of !== level || method !== request.method || (copies && !isCopy)) return false;
    return fits(request.query, query);
  })?.[3];
}

/** Whether the query has all parameters of the route, and none of another operation: `GET /bucket/key?acl` is no GetObject. */
function fits(query: URLSearchParams, wanted: readonly string[]): boolean {
  const names = wanted.map((entry) => entry.split('=')[0] ?? '');
  const hasAll = wanted.every((entry) => {
    const [name = '', value] = entry.split('=');
    return query.has(name) && (value === undefined || query.get(name) === value);
  });
  return hasAll && [...query.keys()].every((name) => !SELECTING.has(name) || names.includes(name));
}

/** The bucket and the key. The bucket is in the path, or in the host name: `http://bucket.localhost:4566/key`. */
export function locationOf({ path, headers }: Pick<HttpRequest, 'path' | 'headers'>): S3Location {
  const [, host] = /^(.+?)(?:\.s3)?\.localhost(?::\d+)?$/.exec(headers.host ?? '') ?? [];
  const bucket = host === 's3' ? undefined : host;
  const [first = '', ...rest] = path.slice(1).split('/');
  try {
    return {
      bucket: bucket ?? decodeURIComponent(first),
      key: decodeURIComponent(bucket === undefined ? rest.join('/') : path.slice(1)),
    };
  } catch {
    throw new ServiceError('InvalidURI', "Couldn't parse the specified URI.");
  }
}
