import { ServiceError } from '../errors.ts';
import type { HttpReply } from '../protocols/http.ts';
import type { ChecksumAlgorithm, ChecksumType } from './checksums.ts';
import { contentOf, readAlgorithm } from './content.ts';
import { checksumHeaders, keptHeaders } from './object-headers.ts';
import { header, partNumberOf, type S3Request } from './protocol.ts';
import type { S3 } from './s3.ts';
import { xmlReply } from './xml.ts';

export const uploadHandlers = (s3: S3) => ({
  async CreateMultipartUpload(request: S3Request): Promise<HttpReply> {
    const { bucket, key } = request;
    s3.requireTarget(bucket);
    // Throws for a key that S3 refuses, before the client sends any part.
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

  async AbortMultipartUpload(request: S3Request): Promise<HttpReply> {
    await s3.uploads.end(request, request.query.get('uploadId'), () => Promise.resolve());
    return { status: 204, headers: {} };
  },
});

/**
 * The checksum type of an upload, by default `COMPOSITE`. CRC64NVME has only `FULL_OBJECT`, and SHA-1 and SHA-256 have only
 * `COMPOSITE`. (S3 user guide, "Checking object integrity")
 */
function checksumTypeOf(algorithm: ChecksumAlgorithm, type: string | undefined): ChecksumType {
  const isCrc = algorithm.startsWith('CRC');
  if (type === undefined) return algorithm === 'CRC64NVME' ? 'FULL_OBJECT' : 'COMPOSITE';
  if (type === 'FULL_OBJECT' && isCrc) return type;
  if (type === 'COMPOSITE' && algorithm !== 'CRC64NVME') return type;
  throw new ServiceError('InvalidRequest', `The ${type} checksum type cannot be used with ${algorithm}.`);
}
