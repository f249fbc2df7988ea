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

/** A blob that a service has sent. */
interface BlobContent {
  data: Uint8Array;
  contentType: string;
  contentEncoding?: string | undefined;
}

/**
 * Puts a blob to S3 and tells where it is. The place is the same at every attempt, so a repeated one leaves no second copy.
 *
 * @param place - the URI of the object; absent where nobody wants the blob kept
 */
export async function storeBlob(
  s3: S3Client,
  blob: BlobContent,
  place: string | undefined,
): Promise<BlobReference> {
  const { data, contentType, contentEncoding } = blob;
  if (place !== undefined) {
    const { bucket, key } = parseS3Uri(place);
    await s3.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key: key,
        Body: data,
        ContentType: contentType,
        ...(contentEncoding !== undefined && { ContentEncoding: contentEncoding }),
      }),
    );
  }
  return {
    ...(place !== undefined && { uri: place }),
    contentType,
    ...(contentEncoding !== undefined && { contentEncoding }),
    bytes: data.byteLength,
    sha256: createHash('sha256').update(data).digest('hex'),
  };
}
