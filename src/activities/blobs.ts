import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { heartbeat } from '@temporalio/activity';
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

/** A blob that a service sends. */
export interface SentBlob {
  /** The body of the reply, as the AWS SDK has it in Node. */
  body: unknown;
  contentType: string;
  contentEncoding?: string | undefined;
}

/** The smallest part that S3 takes but for the last one (S3 user guide, multipart upload limits). */
const PART = 5 * 1024 * 1024;

/** How many parts are sent at the same time. */
const PARTS_AT_ONCE = 2;

/**
 * Streams a blob to S3 and tells where it is. What is in memory is at most {@link PARTS_AT_ONCE} parts that are being sent and one
 * that is being filled: 15 MB, however large the blob is. A blob of up to one part is a single PutObject.
 *
 * The activity heartbeats with each chunk that comes from the service and each part that has gone to S3. So where either of them
 * stalls, the attempt ends by its heartbeat timeout, and the next one sends the blob again. The place is the same at every
 * attempt, and S3 shows an object only once it is whole: there is never a part of a blob, or a second copy.
 *
 * @param place - where the blob is wanted; absent where nobody wants it kept
 * @param look - is given each chunk as well; the next one is read when it is done
 * @throws the error of the connection or of S3, or `AbortError` where the activity was cancelled meanwhile
 */
export async function storeBlob(
  s3: S3Client,
  { body, contentType, contentEncoding }: SentBlob,
  place: BlobPlace | undefined,
  look: (chunk: Uint8Array) => Promise<void> = () => Promise.resolve(),
): Promise<BlobReference> {
  const hash = createHash('sha256');
  let bytes = 0;
  async function* passing(): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunksOf(body)) {
      heartbeat();
      hash.update(chunk);
      bytes += chunk.byteLength;
      await look(chunk);
      yield chunk;
    }
  }
  const type = { contentType, ...(contentEncoding !== undefined && { contentEncoding }) };
  if (place === undefined) await drain(passing());
  else await upload(s3, passing(), type, place);
  return { ...(place !== undefined && { uri: place.uri }), ...type, bytes, sha256: hash.digest('hex') };
}

/**
 * The chunks of a body. The AWS SDK breaks the connection of one that stalls when the `abortSignal` of its call fires: when the
 * activity is cancelled, or its heartbeat has timed out.
 */
function chunksOf(body: unknown): AsyncIterable<Uint8Array> {
  return body instanceof Readable ? body : Readable.from([]);
}

async function drain(chunks: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of chunks);
}

async function upload(
  s3: S3Client,
  chunks: AsyncIterable<Uint8Array>,
  { contentType, contentEncoding }: Omit<SentBlob, 'body'>,
  { uri, kmsKeyId }: BlobPlace,
): Promise<void> {
  const { bucket, key } = parseS3Uri(uri);
  const sending = new Upload({
    client: s3,
    partSize: PART,
    queueSize: PARTS_AT_ONCE,
    params: {
      Bucket: bucket,
      Key: key,
      Body: Readable.from(chunks, { objectMode: false }),
      ContentType: contentType,
      ...(kmsKeyId !== undefined && { ServerSideEncryption: 'aws:kms' as const, SSEKMSKeyId: kmsKeyId }),
      ...(contentEncoding !== undefined && { ContentEncoding: contentEncoding }),
    },
  });
  sending.on('httpUploadProgress', () => heartbeat());
  await sending.done();
}
