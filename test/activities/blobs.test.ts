import { createServer } from 'node:http';
import { Readable } from 'node:stream';
import { S3Client } from '@aws-sdk/client-s3';
import { MockActivityEnvironment } from '@temporalio/testing';
import { storeBlob, type BlobPlace } from '../../src/activities/blobs.ts';
import { listen } from '../support/listen.ts';

// S3 API Reference, PutObject: SSE-KMS is asked for by these two headers.
const ENCRYPTION = 'x-amz-server-side-encryption';

test('a blob is encrypted with the KMS key that is named, and else as the bucket has it', async () => {
  const seen: (string | string[] | undefined)[][] = [];
  const server = createServer(({ headers, url }, response) => {
    seen.push([url?.split('?')[0], headers[ENCRYPTION], headers[`${ENCRYPTION}-aws-kms-key-id`]]);
    response.end();
  });
  const s3 = new S3Client({
    endpoint: await listen(server),
    forcePathStyle: true,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const uri = 's3://bucket/place';
  const store = (place: BlobPlace) => {
    const blob = { body: Readable.from([Buffer.from([1])]), contentType: 'application/json' };
    const activity = new MockActivityEnvironment();
    return activity.run(() => storeBlob(s3, blob, place));
  };
  await store({ uri });
  expect(await store({ uri, kmsKeyId: 'alias/blobs' })).toMatchObject({ uri, bytes: 1 });
  // A reply without a body is an object without content.
  const empty = { body: undefined, contentType: 'application/json' };
  const stored = new MockActivityEnvironment().run(() => storeBlob(s3, empty, { uri: 's3://bucket/empty' }));
  expect(await stored).toMatchObject({ bytes: 0 });
  expect(seen).toEqual([
    ['/bucket/place', undefined, undefined],
    ['/bucket/place', 'aws:kms', 'alias/blobs'],
    ['/bucket/empty', undefined, undefined],
  ]);
  s3.destroy();
  server.close();
});
