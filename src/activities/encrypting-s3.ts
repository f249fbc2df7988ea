import type { S3Client } from '@aws-sdk/client-s3';

/** The commands that create an object from content. */
const WRITES: ReadonlySet<string | undefined> = new Set(['PutObjectCommand', 'CreateMultipartUploadCommand']);

/**
 * A client like another one, whose objects S3 encrypts with a KMS key (SSE-KMS). All that a fleet writes goes through one, so
 * that no file of a plan or a report can miss the key. It shares the configuration and the connections of the other client, and
 * has only a middleware of its own.
 *
 * @param kmsKeyId - the id, alias or ARN of the key; without one, the default encryption of the bucket applies
 */
export function encryptingS3(s3: S3Client, kmsKeyId: string | undefined): S3Client {
  if (kmsKeyId === undefined) return s3;
  const client: S3Client = Object.create(s3);
  client.middlewareStack = s3.middlewareStack.clone();
  client.middlewareStack.add(
    (next, { commandName }) =>
      (args) => {
        const key = { ServerSideEncryption: 'aws:kms' as const, SSEKMSKeyId: kmsKeyId };
        return next(WRITES.has(commandName) ? { ...args, input: { ...args.input, ...key } } : args);
      },
    { step: 'initialize', name: 'encryptingS3' },
  );
  return client;
}
