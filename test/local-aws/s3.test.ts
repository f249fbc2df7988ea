import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { paginateListObjectsV2 } from '@aws-sdk/client-s3';
import { localAws, putFiles, type LocalAwsUnderTest } from './harness.ts';

describe('S3', () => {
  let aws: LocalAwsUnderTest;
  const Bucket = 'bucket';
  beforeAll(async () => (aws = await localAws()));
  afterAll(() => aws.close());

  const text = async (Key: string, Range?: string) => {
    const { Body, ContentLength, ContentRange } = await aws.s3.getObject({ Bucket, Key, Range });
    return { text: await Body?.transformToString(), ContentLength, ContentRange };
  };

  test('is a folder: what is put there lies there, and what lies there is found', async () => {
    const Key = 'some folder/ä+b&c.txt';
    await aws.s3.putObject({ Bucket, Key, Body: 'hello' });
    expect(await readFile(path.join(aws.data, 's3', Bucket, Key), 'utf8')).toBe('hello');
    await putFiles(aws.data, Bucket, { 'dropped.txt': 'in' });
    expect(await text('dropped.txt')).toEqual({ text: 'in', ContentLength: 2 });
  });

  test('takes a stream, which the SDK sends in chunks with a trailing checksum', async () => {
    const Body = Readable.from([Buffer.from('first,'), Buffer.from('second')]);
    await aws.s3.putObject({ Bucket, Key: 'stream', Body, ContentLength: 12 });
    expect(await text('stream')).toMatchObject({ text: 'first,second' });
  });

  const partOf = (letter: string, megabytes: number) => Buffer.alloc(megabytes * 1024 * 1024, letter);

  test('puts parts together when they are complete, and shows nothing before', async () => {
    const Key = 'in parts';
    const { UploadId } = await aws.s3.createMultipartUpload({ Bucket, Key });
    const upload = { Bucket, Key, UploadId };
    const Parts = [];
    for (const [PartNumber, Body] of [
      [2, partOf('b', 1)],
      [1, partOf('a', 5)],
    ] as const) {
      const { ETag } = await aws.s3.uploadPart({ ...upload, PartNumber, Body });
      Parts.unshift({ PartNumber, ETag });
    }
    await expect(text(Key)).rejects.toMatchObject({ name: 'NoSuchKey' });
    await aws.s3.completeMultipartUpload({ ...upload, MultipartUpload: { Parts } });
    expect(await text(Key, 'bytes=5242879-5242880')).toMatchObject({ text: 'ab' });
    expect(await aws.s3.headObject({ Bucket, Key })).toMatchObject({ ContentLength: 6 * 1024 * 1024 });
    await expect(aws.s3.abortMultipartUpload(upload)).rejects.toMatchObject({ name: 'NoSuchUpload' });
  });

  test('refuses parts that are too small, unknown or out of order, and forgets an upload that is aborted', async () => {
    const { UploadId } = await aws.s3.createMultipartUpload({ Bucket, Key: 'refused' });
    const upload = { Bucket, Key: 'refused', UploadId };
    const parts = [];
    for (const PartNumber of [1, 2]) {
      const { ETag } = await aws.s3.uploadPart({ ...upload, PartNumber, Body: partOf('c', 1) });
      parts.push({ PartNumber, ETag });
    }
    const complete = (...Parts: object[]) =>
      aws.s3.completeMultipartUpload({ ...upload, MultipartUpload: { Parts } });
    const [one = {}, two = {}] = parts;
    await expect(complete(one, two)).rejects.toMatchObject({ name: 'EntityTooSmall' });
    await expect(complete(two, one)).rejects.toMatchObject({ name: 'InvalidPartOrder' });
    await expect(complete({ PartNumber: 1, ETag: '"x"' })).rejects.toMatchObject({ name: 'InvalidPart' });
    await expect(
      aws.s3.uploadPart({ ...upload, Key: 'another', PartNumber: 1, Body: 'x' }),
    ).rejects.toMatchObject({ name: 'NoSuchUpload' });
    await aws.s3.abortMultipartUpload(upload);
    await expect(complete(one)).rejects.toMatchObject({ name: 'NoSuchUpload' });
  });

  test.each([
    ['bytes=2-4', '234', 'bytes 2-4/10'],
    ['bytes=7-', '789', 'bytes 7-9/10'],
    ['bytes=-2', '89', 'bytes 8-9/10'],
    ['bytes=8-100', '89', 'bytes 8-9/10'],
  ])('reads the range %s', async (range, expected, ContentRange) => {
    await putFiles(aws.data, Bucket, { digits: '0123456789' });
    expect(await text('digits', range)).toMatchObject({ text: expected, ContentRange });
  });

  test('refuses a range that is not there', async () => {
    await putFiles(aws.data, Bucket, { digits: '0123456789' });
    await expect(text('digits', 'bytes=10-')).rejects.toMatchObject({ name: 'InvalidRange' });
  });

  test('tells size and absence by HEAD', async () => {
    await putFiles(aws.data, Bucket, { digits: '0123456789' });
    expect(await aws.s3.headObject({ Bucket, Key: 'digits' })).toMatchObject({ ContentLength: 10 });
    await expect(aws.s3.headObject({ Bucket, Key: 'none' })).rejects.toMatchObject({ name: 'NotFound' });
    await expect(text('none')).rejects.toMatchObject({ name: 'NoSuchKey' });
    await expect(aws.s3.getObject({ Bucket: 'no-bucket', Key: 'x' })).rejects.toMatchObject({
      name: 'NoSuchBucket',
    });
  });

  test('deletes, also what is not there', async () => {
    await putFiles(aws.data, Bucket, { gone: '' });
    await aws.s3.deleteObject({ Bucket, Key: 'gone' });
    await aws.s3.deleteObject({ Bucket, Key: 'gone' });
    await expect(text('gone')).rejects.toMatchObject({ name: 'NoSuchKey' });
  });

  test('lists by prefix in the order of bytes, page by page, and folds by the delimiter', async () => {
    const keys = ['l/B', 'l/a', 'l/a/1', 'l/a-b', 'l/é', 'm/1'].filter((key) => key !== 'l/a');
    await putFiles(aws.data, 'lists', Object.fromEntries(keys.map((key) => [key, 'x'])));
    const found: (string | undefined)[] = [];
    const pages = paginateListObjectsV2({ client: aws.s3, pageSize: 2 }, { Bucket: 'lists', Prefix: 'l/' });
    for await (const { Contents = [] } of pages) found.push(...Contents.map(({ Key }) => Key));
    expect(found).toEqual(['l/B', 'l/a-b', 'l/a/1', 'l/é']);
    const folded = await aws.s3.listObjectsV2({
      Bucket: 'lists',
      Prefix: 'l/',
      Delimiter: '/',
      EncodingType: 'url',
    });
    expect(folded.CommonPrefixes).toEqual([{ Prefix: 'l/a/' }]);
    expect(folded).toMatchObject({ KeyCount: 4, IsTruncated: false });
  });

  test.each(['../outside', 'a/../../outside', 'a//b'])('does not leave its folder for %s', async (Key) => {
    await aws.s3.putObject({ Bucket, Key, Body: 'odd' });
    expect(await text(Key)).toMatchObject({ text: 'odd' });
    expect(existsSync(path.join(aws.data, 'outside'))).toBe(false);
    expect(existsSync(path.join(aws.data, 's3/outside'))).toBe(false);
    expect(await readdir(path.join(aws.data, 's3-odd', Bucket))).not.toEqual([]);
    await aws.s3.deleteObject({ Bucket, Key });
  });

  test('says of what it does not do that it does not', async () => {
    await expect(aws.s3.getObjectTagging({ Bucket, Key: 'x' })).rejects.toMatchObject({
      name: 'UnknownOperationException',
      message: expect.stringContaining('PutObject'),
    });
  });
});
