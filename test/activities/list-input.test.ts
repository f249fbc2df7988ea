/** A firing of a recurring import compares the objects in S3 with those that earlier firings have seen. */
import { rm, utimes } from 'node:fs/promises';
import path from 'node:path';
import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { MockActivityEnvironment } from '@temporalio/testing';
import { listInputActivity, type InputListing, type SeenObjects } from '../../src/activities/list-input.ts';
import { PageMemory, takeObjects } from '../../src/activities/listed-objects.ts';
import { listObjects } from '../../src/activities/s3.ts';
import { localAws, putFiles, type LocalAwsUnderTest } from '../local-aws/harness.ts';
import { startScriptedAws } from '../support/scripted-aws.ts';

let aws: LocalAwsUnderTest;
beforeAll(async () => {
  aws = await localAws();
});
afterAll(() => aws.close());

const list = (s3: S3Client, bucket: string, before?: SeenObjects): Promise<InputListing> =>
  new MockActivityEnvironment().run(listInputActivity(s3), {
    inputS3Uri: `s3://${bucket}/in/`,
    ...(before && { before }),
  });

const fileOf = (bucket: string, key: string) => path.join(aws.data, 's3', bucket, key);
const put = (bucket: string, key: string, content = 'x') => putFiles(aws.data, bucket, { [key]: content });
const setTime = (bucket: string, key: string, time: string) =>
  utimes(fileOf(bucket, key), new Date(time), new Date(time));

/** Two objects, and the record of them. */
async function twoSeen(bucket: string): Promise<SeenObjects> {
  await put(bucket, 'in/1');
  await put(bucket, 'in/2');
  const { objects, unseen, seen } = await list(aws.s3, bucket);
  expect([objects, unseen]).toEqual([2, 2]);
  return seen;
}

test('the objects of a list are read as the AWS SDK reads them', async () => {
  const names = ['a&b', 'é+ %41', `<x>"'`, '&lt;', '😀'];
  for (const name of names) await put('names', `in/${name}.dcm`, name);
  const list = () => new ListObjectsV2Command({ Bucket: 'names', Prefix: 'in/' });
  const { Contents } = await aws.s3.send(list());
  expect(Contents).toHaveLength(names.length);
  const command = list();
  const taken = takeObjects(command, new PageMemory());
  expect((await aws.s3.send(command)).Contents).toBeUndefined();
  expect([...taken]).toEqual(Contents);
  const listed: object[] = [];
  const signal = new AbortController().signal;
  for await (const { uri, ...object } of listObjects(aws.s3, 's3://names/in/', signal)) {
    expect(uri).toBe(`s3://names/${object.Key}`);
    listed.push(object);
  }
  expect(listed).toEqual(Contents);
});

test('nothing is unseen if all objects are unchanged', async () => {
  const seen = await twoSeen('same');
  expect(await list(aws.s3, 'same', seen)).toEqual({ objects: 2, unseen: 0, seen });
});

test('an object that was added while another was deleted is unseen, although number and newest time are the same', async () => {
  const seen = await twoSeen('swapped');
  await rm(fileOf('swapped', 'in/1'));
  await put('swapped', 'in/0');
  await setTime('swapped', 'in/0', '2020-01-01');
  expect(await list(aws.s3, 'swapped', seen)).toMatchObject({ objects: 2, unseen: 1 });
});

// S3: "The ETag reflects changes only to the contents of an object", and Last-Modified is the time it was written.
test.each([
  ['with other content', 'yy', '2020-01-01'],
  ['with the same content', 'x', '2030-01-01'],
])('an object that was overwritten %s is unseen', async (_, content, time) => {
  const bucket = `rewritten-${content}`;
  await put(bucket, 'in/1');
  await setTime(bucket, 'in/1', '2020-01-01');
  const { seen } = await list(aws.s3, bucket);
  await put(bucket, 'in/1', content);
  await setTime(bucket, 'in/1', time);
  expect(await list(aws.s3, bucket, seen)).toMatchObject({ objects: 1, unseen: 1 });
});

test('the deletion of an object makes nothing unseen', async () => {
  const seen = await twoSeen('expired');
  await rm(fileOf('expired', 'in/1'));
  expect(await list(aws.s3, 'expired', seen)).toMatchObject({ objects: 1, unseen: 0 });
});

test('for more than 10,000 objects one digest is stored: all are unseen as soon as one is different', async () => {
  const scripted = await startScriptedAws();
  const s3 = new S3Client({
    endpoint: scripted.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    forcePathStyle: true,
  });
  const keys = Array.from({ length: 10_001 }, (_, index) => `s3://many/in/${index}`);
  const listOf = (some: readonly string[], before?: SeenObjects) => {
    scripted.script({}, Object.fromEntries(some.map((key) => [key, 'x'])));
    return list(s3, 'many', before);
  };
  try {
    const { seen } = await listOf(keys);
    expect(seen).toEqual({ digest: expect.any(String) });
    expect(await listOf(keys, seen)).toMatchObject({ objects: 10_001, unseen: 0 });
    expect(await listOf(keys.slice(1), seen)).toMatchObject({ objects: 10_000, unseen: 10_000 });

    // Objects that were recorded one by one are recognized among more than 10,000.
    const most = await listOf(keys.slice(1));
    expect(JSON.stringify(most).length).toBeLessThan(130_000);
    expect(await listOf(keys, most.seen)).toMatchObject({ objects: 10_001, unseen: 1 });
  } finally {
    s3.destroy();
    await scripted.close();
  }
});
