import { existsSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import { paginateListObjectsV2, type ListMultipartUploadsCommandOutput } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { activeFhirDatastore, importReached, startFhirImport } from './fhir-harness.ts';
import { localAws, p10, putFiles, type LocalAwsUnderTest } from './harness.ts';
import { activeDatastore, importAll, readLines } from './imaging-harness.ts';

/** The ETag of an object with that content. */
const md5 = (content: string) => `"${createHash('md5').update(content).digest('hex')}"`;

function crc32Base64(content: Buffer): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(content));
  return bytes.toString('base64');
}

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

  test('deletes, also what is not there, and the folders that led only to it', async () => {
    await putFiles(aws.data, Bucket, { 'led/only/to': '', gone: '' });
    await aws.s3.deleteObject({ Bucket, Key: 'led/only/to' });
    expect(existsSync(path.join(aws.data, 's3', Bucket, 'led'))).toBe(false);
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

  test('keeps what lies outside the folder apart: a key beside the folder of that name, and folders that hold nothing', async () => {
    await aws.s3.putObject({ Bucket, Key: 'beside/b', Body: 'in the folder' });
    await aws.s3.putObject({ Bucket, Key: 'beside', Body: 'beside the folder' });
    expect(await text('beside')).toMatchObject({ text: 'beside the folder' });
    await aws.s3.deleteObject({ Bucket, Key: 'beside/b' });
    // The folder was removed with its only object, so that the key can be the path of a file now.
    await aws.s3.putObject({ Bucket, Key: 'beside', Body: 'a file' });
    expect(await readFile(path.join(aws.data, 's3', Bucket, 'beside'), 'utf8')).toBe('a file');
    expect(await text('beside')).toMatchObject({ text: 'a file' });
    await aws.s3.deleteObject({ Bucket, Key: 'beside' });
    await expect(text('beside')).rejects.toMatchObject({ name: 'NoSuchKey' });
  });

  test('knows an object that was dropped or replaced by hand by its content, not by the metadata of another', async () => {
    const Key = 'by hand';
    await aws.s3.putObject({ Bucket, Key, Body: 'put', Metadata: { of: 'put' }, ContentType: 'text/plain' });
    await putFiles(aws.data, Bucket, { [Key]: 'dropped' });
    const head = await aws.s3.headObject({ Bucket, Key });
    expect(head).toMatchObject({ ETag: md5('dropped'), Metadata: {}, ContentType: 'binary/octet-stream' });
    const { Contents } = await aws.s3.listObjectsV2({ Bucket, Prefix: Key });
    expect(Contents).toMatchObject([{ Key, ETag: md5('dropped'), Size: 7 }]);
    await rm(path.join(aws.data, 's3', Bucket, Key));
    await expect(aws.s3.headObject({ Bucket, Key })).rejects.toMatchObject({ name: 'NotFound' });
  });

  test('of many writes that demand an absent key, one is done', async () => {
    const put = (Body: string) =>
      aws.s3.putObject({ Bucket, Key: 'first', Body, IfNoneMatch: '*' }).then(
        () => Body,
        (error: Error) => error.name,
      );
    const outcomes = await Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map(put));
    const winners = outcomes.filter((outcome) => outcome !== 'PreconditionFailed');
    expect(winners).toHaveLength(1);
    expect(await text('first')).toMatchObject({ text: winners[0] });
  });

  const past = new Date('2020-01-01');
  const future = new Date('2100-01-01');
  test.each([
    [{ IfModifiedSince: future }, 304],
    [{ IfModifiedSince: past }, 200],
    [{ IfUnmodifiedSince: past }, 412],
    [{ IfUnmodifiedSince: future }, 200],
    // An ETag takes precedence over a time.
    [{ IfMatch: md5('x'), IfUnmodifiedSince: past }, 200],
    [{ IfNoneMatch: md5('y'), IfModifiedSince: future }, 200],
    [{ IfMatch: md5('y') }, 412],
    [{ IfNoneMatch: '*' }, 304],
  ])('a read on the condition %j ends with %d', async (condition, status) => {
    await aws.s3.putObject({ Bucket, Key: 'conditional', Body: 'x' });
    const { $metadata } = await aws.s3
      .getObject({ Bucket, Key: 'conditional', ...condition })
      .catch((error: { $metadata: { httpStatusCode?: number } }) => error);
    expect($metadata.httpStatusCode).toBe(status);
  });

  test('deletes on condition', async () => {
    await aws.s3.putObject({ Bucket, Key: 'kept', Body: 'x' });
    await expect(aws.s3.deleteObject({ Bucket, Key: 'kept', IfMatch: md5('y') })).rejects.toMatchObject({
      name: 'PreconditionFailed',
    });
    await aws.s3.deleteObject({ Bucket, Key: 'kept', IfMatch: md5('x') });
    await expect(text('kept')).rejects.toMatchObject({ name: 'NoSuchKey' });
  });

  test('keeps tags with an object, and copies them', async () => {
    await aws.s3.putObject({ Bucket, Key: 'tagged', Body: 'x', Tagging: 'a=1&b=2', Metadata: { m: '1' } });
    await aws.s3.copyObject({ Bucket, Key: 'tagged too', CopySource: `${Bucket}/tagged` });
    const TagSet = [{ Key: 'c d', Value: 'ä&' }];
    await aws.s3.putObjectTagging({ Bucket, Key: 'tagged', Tagging: { TagSet } });
    expect(await aws.s3.getObjectTagging({ Bucket, Key: 'tagged' })).toMatchObject({ TagSet });
    expect(await aws.s3.headObject({ Bucket, Key: 'tagged' })).toMatchObject({ Metadata: { m: '1' } });
    expect((await aws.s3.getObjectTagging({ Bucket, Key: 'tagged too' })).TagSet).toHaveLength(2);
    await aws.s3.deleteObjectTagging({ Bucket, Key: 'tagged' });
    expect(await aws.s3.getObjectTagging({ Bucket, Key: 'tagged' })).toMatchObject({ TagSet: [] });
  });

  test('refuses to read or copy an archived object; a copy has the storage class of its own request', async () => {
    const CopySource = `${Bucket}/cold`;
    await aws.s3.putObject({ Bucket, Key: 'cold', Body: 'x', StorageClass: 'GLACIER', Metadata: { m: '1' } });
    const reads = [
      aws.s3.getObject({ Bucket, Key: 'cold' }),
      aws.s3.copyObject({ Bucket, Key: 'thawed', CopySource }),
    ];
    for (const read of reads) {
      await expect(read).rejects.toMatchObject({
        name: 'InvalidObjectState',
        $metadata: { httpStatusCode: 403 },
      });
    }
    await aws.s3.putObject({
      Bucket,
      Key: 'cool',
      Body: 'x',
      StorageClass: 'STANDARD_IA',
      Metadata: { m: '1' },
    });
    await aws.s3.copyObject({ Bucket, Key: 'warm', CopySource: `${Bucket}/cool` });
    const { Metadata, StorageClass } = await aws.s3.headObject({ Bucket, Key: 'warm' });
    expect([Metadata, StorageClass]).toEqual([{ m: '1' }, undefined]);
  });

  test('takes a stream of unknown length from lib-storage, in parts', async () => {
    const Body = Readable.from(Array.from({ length: 12 }, (_, i) => partOf(String(i % 10), 1)));
    await new Upload({
      client: aws.s3,
      params: { Bucket, Key: 'uploaded', Body, ContentType: 'text/plain' },
    }).done();
    const head = await aws.s3.headObject({ Bucket, Key: 'uploaded' });
    expect(head).toMatchObject({
      ContentType: 'text/plain',
      ETag: expect.stringMatching(/^"[0-9a-f]{32}-3"$/),
    });
    expect((await text('uploaded', 'bytes=1048575-1048576')).text).toBe('01');
  });

  test('an upload that is completed twice and aborted at the same time ends once, and its object is whole', async () => {
    const Key = 'ended once';
    const { UploadId } = await aws.s3.createMultipartUpload({ Bucket, Key });
    const upload = { Bucket, Key, UploadId };
    const { ETag } = await aws.s3.uploadPart({ ...upload, PartNumber: 1, Body: partOf('a', 5) });
    const complete = { ...upload, MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] } };
    const outcomes = await Promise.all(
      [
        aws.s3.completeMultipartUpload(complete),
        aws.s3.completeMultipartUpload(complete),
        aws.s3.abortMultipartUpload(upload),
      ].map((call: Promise<object>) =>
        call.then(
          () => 'ended',
          ({ name }: Error) => name,
        ),
      ),
    );
    expect(outcomes.sort()).toEqual(['NoSuchUpload', 'NoSuchUpload', 'ended']);
    const { Contents = [] } = await aws.s3.listObjectsV2({ Bucket, Prefix: Key });
    for (const { Size } of Contents) expect(Size).toBe(5 * 1024 * 1024);
    expect(existsSync(path.join(aws.data, 's3-uploads', UploadId ?? ''))).toBe(false);
  });

  test.each(['FULL_OBJECT', 'COMPOSITE'] as const)(
    'gives a multipart upload a checksum that is %s',
    async (ChecksumType) => {
      const begin = { Bucket, Key: ChecksumType, ChecksumAlgorithm: 'CRC32', ChecksumType } as const;
      const { UploadId } = await aws.s3.createMultipartUpload(begin);
      const upload = { Bucket, Key: ChecksumType, UploadId };
      const Parts = [];
      for (const [index, Body] of [partOf('a', 5), Buffer.from('end')].entries()) {
        const { ETag, ChecksumCRC32 } = await aws.s3.uploadPart({
          ...upload,
          PartNumber: index + 1,
          Body,
          ChecksumAlgorithm: 'CRC32',
        });
        Parts.push({ PartNumber: index + 1, ETag, ChecksumCRC32 });
      }
      const wrong = [{ ...Parts[0], ChecksumCRC32: 'AAAAAA==' }, Parts[1] ?? {}];
      await expect(
        aws.s3.completeMultipartUpload({ ...upload, MultipartUpload: { Parts: wrong } }),
      ).rejects.toMatchObject({ name: 'InvalidPart' });
      await aws.s3.completeMultipartUpload({ ...upload, MultipartUpload: { Parts } });
      const whole = crc32Base64(Buffer.concat([partOf('a', 5), Buffer.from('end')]));
      const sums = Parts.map(({ ChecksumCRC32 = '' }) => Buffer.from(ChecksumCRC32, 'base64'));
      expect(await aws.s3.headObject({ Bucket, Key: ChecksumType, ChecksumMode: 'ENABLED' })).toMatchObject({
        ChecksumType,
        ChecksumCRC32: ChecksumType === 'COMPOSITE' ? `${crc32Base64(Buffer.concat(sums))}-2` : whole,
      });
    },
  );

  test('lists uploads and parts page by page', async () => {
    const begun = [];
    for (const Key of ['u/1', 'u/2', 'u/2', 'u/3/x']) {
      begun.push((await aws.s3.createMultipartUpload({ Bucket: 'uploads', Key })).UploadId);
    }
    const found: (string | undefined)[] = [];
    let page: ListMultipartUploadsCommandOutput | undefined;
    do {
      page = await aws.s3.listMultipartUploads({
        Bucket: 'uploads',
        MaxUploads: 1,
        ...(page && { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker }),
      });
      found.push(...(page.Uploads ?? []).map(({ UploadId }) => UploadId));
    } while (page.IsTruncated);
    expect(found).toEqual(begun);
    const folded = await aws.s3.listMultipartUploads({ Bucket: 'uploads', Prefix: 'u/', Delimiter: '/' });
    expect(folded).toMatchObject({ CommonPrefixes: [{ Prefix: 'u/3/' }] });
    const upload = { Bucket: 'uploads', Key: 'u/1', UploadId: begun[0] };
    for (const PartNumber of [3, 1, 2]) await aws.s3.uploadPart({ ...upload, PartNumber, Body: 'x' });
    const first = await aws.s3.listParts({ ...upload, MaxParts: 2 });
    expect(first).toMatchObject({ IsTruncated: true, Parts: [{ PartNumber: 1 }, { PartNumber: 2 }] });
    const rest = await aws.s3.listParts({ ...upload, PartNumberMarker: first.NextPartNumberMarker });
    expect(rest).toMatchObject({ IsTruncated: false, Parts: [{ PartNumber: 3 }] });
  });

  test('makes missing buckets, or refuses them if the settings say so', async () => {
    await aws.control.settings({ missingBucket: 'error' });
    for (const write of [
      () => aws.s3.putObject({ Bucket: 'missing', Key: 'x', Body: 'x' }),
      () => aws.s3.copyObject({ Bucket: 'missing', Key: 'x', CopySource: `${Bucket}/x` }),
      () => aws.s3.createMultipartUpload({ Bucket: 'missing', Key: 'x' }),
    ]) {
      await expect(write()).rejects.toMatchObject({ name: 'NoSuchBucket' });
    }
    await aws.control.settings({ missingBucket: 'create' });
    await aws.s3.putObject({ Bucket: 'missing', Key: 'x', Body: 'x' });
    await aws.s3.headBucket({ Bucket: 'missing' });
  });

  test('imports read what lies outside the folder, and jobs write there', async () => {
    const datastoreId = await activeDatastore(aws);
    const file = p10({ series: '1.1', instance: '1.1.1' });
    await aws.s3.putObject({ Bucket: 'imports', Key: 'dicom//1.dcm', Body: file });
    const input = { datastoreId, inputS3Uri: 's3://imports/dicom/', outputS3Uri: 's3://imports/out//' };
    const { jobStatus, outputS3Uri } = await importAll(aws, input);
    expect(jobStatus).toBe('COMPLETED');
    expect(await readLines(aws, `${outputS3Uri}SUCCESS/success.ndjson`)).toMatchObject([
      { inputFile: 'dicom//1.dcm' },
    ]);

    const DatastoreId = await activeFhirDatastore(aws);
    await aws.s3.putObject({
      Bucket: 'imports',
      Key: 'fhir//a.ndjson',
      Body: '{"resourceType":"Patient","id":"1"}',
    });
    const JobId = await startFhirImport(aws, { DatastoreId, S3Uri: 's3://imports/fhir/' });
    const job = await importReached(aws, { DatastoreId, JobId }, 'COMPLETED');
    expect(job?.JobProgressReport).toMatchObject({ TotalNumberOfResourcesImported: 1 });
  });

  test('says of what it does not do that it does not', async () => {
    await expect(aws.s3.getObjectAcl({ Bucket, Key: 'x' })).rejects.toMatchObject({
      name: 'UnknownOperationException',
      message: expect.stringContaining('PutObject'),
    });
  });
});
