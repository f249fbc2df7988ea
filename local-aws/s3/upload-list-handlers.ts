import type { HttpReply } from '../protocols/http.ts';
import { checksumElements } from './checksums.ts';
import { commonPrefixOf } from './folding.ts';
import { compareKeys } from './key-order.ts';
import { encoderOf } from './list-handlers.ts';
import { storageClassOf } from './object-headers.ts';
import { numberIn, pageSizeIn, type S3Request } from './protocol.ts';
import type { S3 } from './s3.ts';
import type { Upload } from './uploads.ts';
import { xmlReply, type XmlMembers } from './xml.ts';

/** The most uploads or parts on a page. (S3 API reference, "ListMultipartUploads", "ListParts") */
const MOST = 1000;

export const uploadListHandlers = (s3: S3) => ({
  ListMultipartUploads(request: S3Request): Promise<HttpReply> {
    const { bucket, query } = request;
    s3.requireBucket(bucket);
    const most = pageSizeIn(request, 'max-uploads', MOST);
    const encode = encoderOf(query);
    const entries = afterMarker(foldedUploads(s3.uploads.of(bucket), query), query);
    const page = entries.slice(0, most);
    const last = entries.length > page.length ? page.at(-1) : undefined;
    const reply = xmlReply('ListMultipartUploadsResult', {
      Bucket: bucket,
      KeyMarker: encode(query.get('key-marker') ?? ''),
      UploadIdMarker: query.get('upload-id-marker') ?? '',
      NextKeyMarker: last && encode(last.name),
      NextUploadIdMarker: last?.upload?.id,
      Prefix: encode(query.get('prefix') ?? ''),
      Delimiter: query.get('delimiter') ? encode(query.get('delimiter') ?? '') : undefined,
      EncodingType: query.get('encoding-type') ?? undefined,
      MaxUploads: most,
      IsTruncated: last !== undefined,
      Upload: page.flatMap(({ upload }) => (upload ? [uploadMembers(s3, upload, encode)] : [])),
      CommonPrefixes: page.flatMap(({ upload, name }) => (upload ? [] : [{ Prefix: encode(name) }])),
    });
    return Promise.resolve(reply);
  },

  ListParts(request: S3Request): Promise<HttpReply> {
    const { bucket, key, query } = request;
    const upload = s3.uploads.require(request, query.get('uploadId'));
    const most = pageSizeIn(request, 'max-parts', MOST);
    const marker = numberIn(request, 'part-number-marker', 0);
    const parts = s3.uploads.parts(upload).filter(({ number }) => number > marker);
    const page = parts.slice(0, most);
    const isTruncated = parts.length > page.length;
    const reply = xmlReply('ListPartsResult', {
      Bucket: bucket,
      Key: key,
      UploadId: upload.id,
      PartNumberMarker: marker,
      NextPartNumberMarker: isTruncated ? page.at(-1)?.number : undefined,
      MaxParts: most,
      IsTruncated: isTruncated,
      ChecksumAlgorithm: upload.algorithm,
      ChecksumType: upload.checksumType,
      Part: page.map(({ number, modified, md5, size, checksum }) => ({
        PartNumber: number,
        LastModified: new Date(modified).toISOString(),
        ETag: `"${md5}"`,
        Size: size,
        ...checksumElements(checksum),
      })),
      Initiator: s3.owner,
      Owner: s3.owner,
      StorageClass: storageClassOf(upload.headers),
    });
    return Promise.resolve(reply);
  },
});

/** An entry of the list: an upload, with its key as the name, or a common prefix, which has no upload. */
interface UploadEntry {
  readonly name: string;
  readonly upload?: Upload;
}

/** The entries of the list, sorted by key. Uploads of the same key are sorted by the time at which they were initiated. */
function foldedUploads(uploads: readonly Upload[], query: URLSearchParams): UploadEntry[] {
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const prefixes = new Map<string, UploadEntry>();
  const entries = uploads.flatMap((upload): UploadEntry[] => {
    if (!upload.key.startsWith(prefix)) return [];
    const name = commonPrefixOf(upload.key, { prefix, delimiter });
    if (name === undefined) return [{ name: upload.key, upload }];
    prefixes.set(name, { name });
    return [];
  });
  const initiated = ({ upload }: UploadEntry) => upload?.initiated ?? 0;
  return [...entries, ...prefixes.values()].sort(
    (a, b) => compareKeys(a.name, b.name) || initiated(a) - initiated(b),
  );
}

/** The entries after the upload `upload-id-marker` or, if there is no such upload, after all uploads of the key `key-marker`. */
function afterMarker(entries: readonly UploadEntry[], query: URLSearchParams): UploadEntry[] {
  const key = query.get('key-marker') ?? '';
  const id = query.get('upload-id-marker') ?? '';
  if (key === '') return [...entries];
  const marked = id ? entries.findIndex(({ upload }) => upload?.id === id) : -1;
  if (marked !== -1) return entries.slice(marked + 1);
  return entries.filter(({ name }) => compareKeys(name, key) > 0);
}

const uploadMembers = (s3: S3, upload: Upload, encode: (key: string) => string): XmlMembers => ({
  UploadId: upload.id,
  Key: encode(upload.key),
  Initiated: new Date(upload.initiated).toISOString(),
  StorageClass: storageClassOf(upload.headers),
  Owner: s3.owner,
  Initiator: s3.owner,
  ChecksumAlgorithm: upload.algorithm,
  ChecksumType: upload.checksumType,
});
