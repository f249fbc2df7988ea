import { createReadStream } from 'node:fs';
import { ServiceError } from '../errors.ts';
import type { HttpReply } from '../protocols/http.ts';
import { checkReadable } from './conditions.ts';
import { checksumElement, type ChecksumType, type ChecksumAlgorithm } from './checksums.ts';
import { contentOf, measured, readAlgorithm } from './content.ts';
import { copySourceOf } from './copy-source.ts';
import { checksumHeaders, keptHeaders } from './object-headers.ts';
import { PIECE } from './object-finder.ts';
import { header, type S3Request } from './protocol.ts';
import type { S3 } from './s3.ts';
import { xmlReply } from './xml.ts';

/** (S3 user guide, "Amazon S3 multipart upload limits") */
const MOST_PARTS = 10_000;

export const uploadHandlers = (s3: S3) => ({
  async CreateMultipartUpload(request: S3Request): Promise<HttpReply> {
    const { bucket, key } = request;
    s3.requireTarget(bucket);
    // A key that S3 refuses is refused before its parts are sent.
    s3.finder.places.file(request);
    const algorithm = readAlgorithm(header(request, 'x-amz-checksum-algorithm'));
    const checksumType = algorithm && checksumTypeOf(algorithm, header(request, 'x-amz-checksum-type'));
    const headers = keptHeaders(request);
    const tagging = header(request, 'x-amz-tagging');
    const upload = await s3.uploads.begin({ bucket, key, headers, tagging, algorithm, checksumType });
    const reply = xmlReply('InitiateMultipartUploadResult', {
      Bucket: bucket,
      Key: key,
      UploadId: upload.id,
    });
    if (!algorithm || !checksumType) return reply;
    const shown = { 'x-amz-checksum-algorithm': algorithm, 'x-amz-checksum-type': checksumType };
    return { ...reply, headers: { ...reply.headers, ...shown } };
  },

  async UploadPart(request: S3Request): Promise<HttpReply> {
    const upload = s3.uploads.require(request, request.query.get('uploadId'));
    const content = contentOf(request.headers, request.content, upload.algorithm);
    const part = await s3.uploads.writePart(upload, partNumberOf(request), content);
    return { status: 200, headers: { etag: `"${part.md5}"`, ...checksumHeaders(part) } };
  },

  async UploadPartCopy(request: S3Request): Promise<HttpReply> {
    const upload = s3.uploads.require(request, request.query.get('uploadId'));
    const source = s3.require(copySourceOf(request));
    checkReadable(request, source, await s3.finder.etag(source), 'x-amz-copy-source-');
    const range = copyRange(header(request, 'x-amz-copy-source-range'), source.size);
    const stream = createReadStream(source.place.file, { ...range, highWaterMark: PIECE });
    const content = measured(stream, upload.algorithm);
    const part = await s3.uploads.writePart(upload, partNumberOf(request), content);
    return xmlReply('CopyPartResult', {
      LastModified: new Date(part.modified).toISOString(),
      ETag: `"${part.md5}"`,
      ...(part.checksum && { [checksumElement(part.checksum.algorithm)]: part.checksum.value }),
    });
  },

  async AbortMultipartUpload(request: S3Request): Promise<HttpReply> {
    await s3.uploads.remove(s3.uploads.require(request, request.query.get('uploadId')));
    return { status: 204, headers: {} };
  },
});

/** @throws ServiceError `InvalidArgument` for what is no part number */
function partNumberOf({ query }: S3Request): number {
  const number = Number(query.get('partNumber') ?? NaN);
  if (Number.isInteger(number) && number >= 1 && number <= MOST_PARTS) return number;
  throw new ServiceError('InvalidArgument', `Part number must be an integer between 1 and ${MOST_PARTS}.`);
}

/** The default of S3: of the whole object where only that is possible. (S3 user guide, "Checking object integrity") */
function checksumTypeOf(algorithm: ChecksumAlgorithm, type: string | undefined): ChecksumType {
  const isCrc = algorithm.startsWith('CRC');
  if (type === undefined) return algorithm === 'CRC64NVME' ? 'FULL_OBJECT' : 'COMPOSITE';
  if (type === 'FULL_OBJECT' && isCrc) return type;
  if (type === 'COMPOSITE' && algorithm !== 'CRC64NVME') return type;
  throw new ServiceError('InvalidRequest', `The ${type} checksum type cannot be used with ${algorithm}.`);
}

/** The bytes of the source that become a part: all, or a range that must lie in it. */
function copyRange(range: string | undefined, size: number): { start: number; end: number } | undefined {
  if (range === undefined) return undefined;
  const [, start, end] = /^bytes=(\d+)-(\d+)$/.exec(range) ?? [];
  if (start !== undefined && end !== undefined && Number(start) <= Number(end) && Number(end) < size) {
    return { start: Number(start), end: Number(end) };
  }
  throw new ServiceError(
    'InvalidArgument',
    `The x-amz-copy-source-range value must be of the form bytes=first-last, and lie within the ${size} bytes of the source.`,
  );
}
