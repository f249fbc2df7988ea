import { ServiceError } from '../errors.ts';
import type { HttpReply } from '../protocols/http.ts';
import { checksumElements } from './checksums.ts';
import { writeCondition } from './conditions.ts';
import { LARGEST_PUT, measured, readAlgorithm } from './content.ts';
import { copyFrom } from './copy-source.ts';
import type { FoundObject } from './object-finder.ts';
import { copiedHeaders, keptHeaders } from './object-headers.ts';
import { header, partNumberOf, type S3Request } from './protocol.ts';
import type { S3 } from './s3.ts';
import { xmlReply } from './xml.ts';

export const copyHandlers = (s3: S3) => ({
  async CopyObject(request: S3Request): Promise<HttpReply> {
    s3.requireTarget(request.bucket);
    const replaces = directiveOf(request, 'x-amz-metadata-directive') === 'REPLACE';
    const replacesTags = directiveOf(request, 'x-amz-tagging-directive') === 'REPLACE';
    const { etag, checksum } = await copyFrom(s3, request, all, ({ object, facts: known, content }) => {
      checkCopy(request, object, replaces);
      const asked = readAlgorithm(header(request, 'x-amz-checksum-algorithm'));
      const { pieces, receipt } = measured(content, asked ?? known.checksum?.algorithm);
      return s3.buckets.writer.put(request, {
        pieces,
        condition: writeCondition(request, s3.finder),
        facts: async () => {
          const { md5, checksum } = await receipt();
          const headers = replaces ? keptHeaders(request) : copiedHeaders(known.headers, request);
          const tagging = replacesTags ? header(request, 'x-amz-tagging') : known.tagging;
          return { etag: md5, checksum, headers, tagging };
        },
      });
    });
    return xmlReply('CopyObjectResult', {
      LastModified: s3.require(request).modified.toISOString(),
      ETag: `"${etag}"`,
      ...checksumElements(checksum),
      ChecksumType: checksum?.type,
    });
  },

  async UploadPartCopy(request: S3Request): Promise<HttpReply> {
    const upload = s3.uploads.require(request, request.query.get('uploadId'));
    const number = partNumberOf(request);
    const range = ({ size }: FoundObject) => copyRange(header(request, 'x-amz-copy-source-range'), size);
    const part = await copyFrom(s3, request, range, ({ content }) =>
      s3.uploads.writePart(upload, number, measured(content, upload.algorithm)),
    );
    return xmlReply('CopyPartResult', {
      LastModified: new Date(part.modified).toISOString(),
      ETag: `"${part.md5}"`,
      ...checksumElements(part.checksum),
    });
  },
});

const all = () => undefined;

function directiveOf(request: S3Request, name: string): 'COPY' | 'REPLACE' {
  const directive = header(request, name) ?? 'COPY';
  if (directive === 'COPY' || directive === 'REPLACE') return directive;
  throw new ServiceError('InvalidArgument', `${name} is COPY or REPLACE.`);
}

/** @throws ServiceError `InvalidRequest` if an object is copied to itself without a change, or is too large for CopyObject */
function checkCopy(request: S3Request, source: FoundObject, replaces: boolean): void {
  if (!replaces && source.bucket === request.bucket && source.key === request.key) {
    const message =
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata. Send x-amz-metadata-directive: REPLACE.";
    throw new ServiceError('InvalidRequest', message);
  }
  if (source.size > LARGEST_PUT) {
    const message = `The specified copy source is larger than the maximum allowable size for a copy source: ${LARGEST_PUT}`;
    throw new ServiceError('InvalidRequest', message);
  }
}

/** The range of the source that becomes the part; undefined for the whole source. @throws ServiceError `InvalidArgument` */
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
