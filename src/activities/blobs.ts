import { createHash } from 'node:crypto';
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { parseS3Uri } from './s3.ts';

/** Where a blob lies, and what it is: what a history holds in its place. */
export interface BlobReference {
  /** Absent where neither the input nor the worker names a place for blobs: then it was read, and not kept. */
  uri?: string;
  contentType: string;
  contentEncoding?: string;
  bytes: number;
  /** 64 hexadecimal digits. */
  sha256: string;
}

/** Where a blob is wanted. */
export interface BlobPlace {
  /** Of the object, such as `s3://bucket/key`. */
  uri: string;
  /** The KMS key that S3 encrypts the object with (SSE-KMS); the bucket's own default where it is absent. */
  kmsKeyId?: string;
}

/** A blob that a service has sent. */
interface BlobContent {
  data: Uint8Array;
  contentType: string;
  contentEncoding?: string | undefined;
}

/**
 * Puts a blob to S3 and tells where it is. The place is the same at every attempt, so a repeated one leaves no second copy.
 *
 * @param place - where the blob is wanted; absent where nobody wants it kept
 */
export async function storeBlob(
  s3: S3Client,
  blob: BlobContent,
  place: BlobPlace | undefined,
): Promise<BlobReference> {
  const { data, contentType, contentEncoding } = blob;
  if (place !== undefined) {
    const { bucket, key } = parseS3Uri(place.uri);
    await s3.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key: key,
        Body: data,
        ContentType: contentType,
        ...(place.kmsKeyId !== undefined && {
          ServerSideEncryption: 'aws:kms' as const,
          SSEKMSKeyId: place.kmsKeyId,
        }),
        ...(contentEncoding !== undefined && { ContentEncoding: contentEncoding }),
      }),
    );
  }
  return {
    ...(place !== undefined && { uri: place.uri }),
    contentType,
    ...(contentEncoding !== undefined && { contentEncoding }),
    bytes: data.byteLength,
    sha256: createHash('sha256').update(data).digest('hex'),
  };
}
