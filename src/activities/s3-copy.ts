/** Copies objects within S3: their bytes do not pass through the worker. */
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  UploadPartCopyCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { S3Location } from './s3.ts';

/** One object to copy. */
export interface Copying {
  readonly from: S3Location;
  readonly to: S3Location;
  /** Of the object, in bytes. */
  readonly size: number;
}

/**
 * An object above this size is copied in parts of this size. CopyObject takes at most 5 GB, and a large copy takes longer than a
 * request may last. An upload has at most 10,000 parts, which is 5 TB. (S3 user guide, multipart upload limits)
 */
const PART = 512 * 1024 ** 2;

/**
 * Copies an object. The copy has no tags: a rule for objects with a tag, such as one that archives or deletes them, would apply
 * to the copy, and reading tags needs a permission of its own.
 *
 * @param part - the size of the parts; the smallest is 5 MiB
 * @throws the S3 exception, such as `NoSuchKey`, or `InvalidObjectState` for an archived object
 */
export async function copyObject(
  s3: S3Client,
  copying: Copying,
  abortSignal: AbortSignal,
  part = PART,
): Promise<void> {
  if (copying.size > part) return copyInParts(s3, copying, abortSignal, part);
  const request = {
    ...targetOf(copying),
    CopySource: sourceOf(copying),
    TaggingDirective: 'REPLACE' as const,
  };
  await s3.send(new CopyObjectCommand(request), { abortSignal });
}

async function copyInParts(
  s3: S3Client,
  copying: Copying,
  abortSignal: AbortSignal,
  part: number,
): Promise<void> {
  const { bucket: Bucket, key: Key } = copying.from;
  const { ETag, ContentLength = 0 } = await s3.send(new HeadObjectCommand({ Bucket, Key }), { abortSignal });
  const target = targetOf(copying);
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand(target), { abortSignal });
  try {
    const Parts: { PartNumber: number; ETag: string | undefined }[] = [];
    for (let from = 0; from < ContentLength; from += part) {
      const PartNumber = Parts.length + 1;
      const request = {
        ...target,
        UploadId,
        PartNumber,
        CopySource: sourceOf(copying),
        CopySourceRange: `bytes=${from}-${Math.min(from + part, ContentLength) - 1}`,
        // If the object was replaced meanwhile, its parts would belong to different versions.
        CopySourceIfMatch: ETag,
      };
      const { CopyPartResult } = await s3.send(new UploadPartCopyCommand(request), { abortSignal });
      Parts.push({ PartNumber, ETag: CopyPartResult?.ETag });
    }
    const complete = { ...target, UploadId, MultipartUpload: { Parts } };
    await s3.send(new CompleteMultipartUploadCommand(complete), { abortSignal });
  } catch (error) {
    // S3 keeps, and charges for, the parts of an upload that nobody has ended. It is no matter if this fails, too.
    await s3.send(new AbortMultipartUploadCommand({ ...target, UploadId })).catch(() => {});
    throw error;
  }
}

const targetOf = ({ to: { bucket: Bucket, key: Key } }: Copying) => ({ Bucket, Key });

/** The SDK sends this header as it is, and S3 expects it percent-encoded. (S3 API reference, CopyObject) */
const sourceOf = ({ from: { bucket, key } }: Copying) =>
  `${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`;
