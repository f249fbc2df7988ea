import { ServiceError } from '../errors.ts';
import { checksumHeader } from './checksums.ts';
import type { FoundObject } from './object-finder.ts';
import type { ObjectFacts } from './object-rows.ts';
import { header, type S3Request } from './protocol.ts';

/** Headers of a GetObject reply that its query string can override, for example by `response-content-type` in a presigned URL. */
const REPLACEABLE = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
] as const;

/** The headers, besides user metadata, that S3 stores with an object and returns with it. */
const KEPT = [
  ...REPLACEABLE,
  'x-amz-server-side-encryption',
  'x-amz-server-side-encryption-aws-kms-key-id',
  'x-amz-server-side-encryption-bucket-key-enabled',
  'x-amz-storage-class',
  'x-amz-website-redirect-location',
] as const;

const USER_METADATA = 'x-amz-meta-';

/** The most bytes of user metadata of an object. (S3 user guide, "Working with object metadata") */
const MOST_USER_METADATA = 2048;

/**
 * The headers of a request that are stored with the object.
 *
 * @throws ServiceError `MetadataTooLarge`
 */
export function keptHeaders(request: S3Request): Record<string, string> {
  const kept: Record<string, string> = {};
  let size = 0;
  for (const name of Object.keys(request.headers)) {
    const value = header(request, name);
    if (value === undefined) continue;
    if (name.startsWith(USER_METADATA)) {
      size += name.length - USER_METADATA.length + value.length;
      kept[name] = value;
    } else if (KEPT.some((each) => each === name)) kept[name] = value;
  }
  if (size > MOST_USER_METADATA) {
    const message = `Your metadata headers exceed the maximum allowed metadata size of ${MOST_USER_METADATA} bytes.`;
    throw new ServiceError('MetadataTooLarge', message);
  }
  return withoutChunking(kept);
}

/** Removes `aws-chunked` from the content encoding: it says how the request is sent, not how the object is encoded. */
function withoutChunking({ 'content-encoding': encoding, ...kept }: Record<string, string>) {
  const encodings = (encoding ?? '').split(',').map((each) => each.trim());
  const rest = encodings.filter((each) => each !== '' && each !== 'aws-chunked').join(',');
  return rest === '' ? kept : { ...kept, 'content-encoding': rest };
}

/** The headers that GetObject and HeadObject return for an object. */
export function shownHeaders(
  { query }: S3Request,
  { modified }: FoundObject,
  { etag, headers = {}, partSizes, tagging }: ObjectFacts,
): Record<string, string> {
  const replaced = REPLACEABLE.flatMap((name) => {
    const value = query.get(`response-${name}`);
    return value === null ? [] : [[name, headerText(value)]];
  });
  return {
    'accept-ranges': 'bytes',
    'content-type': 'binary/octet-stream',
    etag: `"${etag}"`,
    'last-modified': modified.toUTCString(),
    ...headers,
    ...(partSizes && query.has('partNumber') && { 'x-amz-mp-parts-count': String(partSizes.length) }),
    ...(tagging && { 'x-amz-tagging-count': String(new URLSearchParams(tagging).size) }),
    ...Object.fromEntries(replaced),
  };
}

/** A text as a header's value: without line breaks, and as UTF-8, of which Node writes each character as one byte. */
const headerText = (text: string) => Buffer.from(text.replaceAll(/[\r\n\0]/g, ' ')).toString('latin1');

/** The storage class that lists show: an object that was put without one is `STANDARD`. */
export const storageClassOf = (headers: Readonly<Record<string, string>> | undefined): string =>
  headers?.['x-amz-storage-class'] ?? 'STANDARD';

/** What a copy does not take from its source: these come from the request, or from the destination bucket. (S3 API, CopyObject) */
const NOT_COPIED = /^x-amz-(storage-class|server-side-encryption|website-redirect-location)/;

/** The headers that are stored with a copy of an object whose metadata are copied, too. */
export function copiedHeaders(
  source: Readonly<Record<string, string>> = {},
  request: S3Request,
): Record<string, string> {
  const chosen = (headers: Readonly<Record<string, string>>, isOwn: boolean) =>
    Object.entries(headers).filter(([name]) => NOT_COPIED.test(name) === isOwn);
  return Object.fromEntries([...chosen(source, false), ...chosen(keptHeaders(request), true)]);
}

/** The storage classes from which nobody can read an object before it is restored. (S3 user guide, "Storage classes") */
const ARCHIVES: readonly string[] = ['GLACIER', 'DEEP_ARCHIVE'];

/** @throws ServiceError `InvalidObjectState` for an archived object */
export function refuseArchived({ headers }: ObjectFacts): void {
  if (!ARCHIVES.includes(storageClassOf(headers))) return;
  throw new ServiceError('InvalidObjectState', "The operation is not valid for the object's storage class");
}

export const checksumHeaders = ({ checksum }: Pick<ObjectFacts, 'checksum'>): Record<string, string> =>
  checksum
    ? { [checksumHeader(checksum.algorithm)]: checksum.value, 'x-amz-checksum-type': checksum.type }
    : {};
