import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { heartbeat } from '@temporalio/activity';
import { parseS3Uri } from './s3.ts';

/** A reference to a stored blob, which the history holds instead of the blob. */
export interface BlobReference {
  /** Absent where neither the input nor the worker's settings say where to store blobs: then the blob was not stored. */
  uri?: string;
  contentType: string;
  contentEncoding?: string;
  bytes: number;
  /** 64 hexadecimal digits. */
  sha256: string;
}

/** Where to store a blob. */
export interface BlobPlace {
  /** The URI of the object, such as `s3://bucket/key`. */
  uri: string;
  /** The KMS key that S3 encrypts the object with (SSE-KMS); by default the one of the bucket. */
  kmsKeyId?: string;
}

/** A blob in a reply of a service. */
export interface SentBlob {
  /** The body of the reply, in Node a stream. */
  body: unknown;
  contentType: string;
  contentEncoding?: string | undefined;
}

/** The smallest size of a part, except for the last one (S3 user guide, multipart upload limits). */
const PART = 5 * 1024 * 1024;

/** How many parts are uploaded at the same time. */
const PARTS_AT_ONCE = 2;

/**
 * Streams a blob to S3. The memory holds at most {@link PARTS_AT_ONCE} parts that are being uploaded and one that is being
 * filled: 15 MB, however large the blob is. A blob of up to one part is a single PutObject.
 *
 * The activity heartbeats with each chunk from the service and each uploaded part. If either connection stalls, the attempt
 * ends by its heartbeat timeout, and the next one uploads the blob again. Every attempt uses the same URI, and S3 shows an
 * object only when it is complete, so there is never an incomplete blob or a second copy.
 *
 * @param place - where to store the blob; where it is absent, the blob is read but not stored
 * @param look - receives each chunk, too; the next chunk is read when its promise is resolved
 * @throws the error of the connection or of S3, or `AbortError` where the activity was cancelled
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
 * The chunks of a body. If the connection stalls, the `abortSignal` of the call ends it: when the activity is cancelled, or its
 * heartbeat times out.
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
