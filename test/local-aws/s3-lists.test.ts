import { mkdir, rm, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ListObjectsCommandOutput, ListObjectsV2CommandOutput, S3 } from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { localAws, putFiles, type LocalAwsUnderTest } from './harness.ts';

interface Query {
  readonly prefix: string;
  readonly delimiter: string;
  readonly after: string;
}

/** Keys that are difficult to sort: with slashes, characters that sort before and after a slash, and surrogates. */
const keys = fc
  .array(fc.constantFrom('a', 'a', 'b', 'a-', 'a.b', 'é', '\uffee', '😀', ''), { minLength: 1, maxLength: 3 })
  .map((parts) => parts.join('/'))
  .filter((key) => key !== '');

const query: fc.Arbitrary<Query> = fc.record({
  prefix: fc.oneof(
    fc.constant(''),
    keys.map((key) => Array.from(key).slice(0, 3).join('')),
  ),
  delimiter: fc.constantFrom('', '/', '/', 'a', '-/'),
  after: fc.oneof(fc.constant(''), keys),
});

/** The list as S3 documents it: in the order of UTF-8 bytes, with keys that contain the delimiter grouped by common prefix. */
function expected(all: readonly string[], { prefix, delimiter, after }: Query): string[] {
  const isFold = (name: string) =>
    delimiter !== '' && name.indexOf(delimiter, prefix.length) === name.length - delimiter.length;
  const names = all
    .filter((key) => key.startsWith(prefix) && bytes(key, after) > 0)
    .map((key) => {
      const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
      return cut === -1 ? key : key.slice(0, cut + delimiter.length);
    })
    .filter((name) => !(name === after && isFold(name)));
  return [...new Set(names)].sort(bytes);
}

const bytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** The keys and the common prefixes on a page, sorted together. */
const namesOf = ({
  Contents = [],
  CommonPrefixes = [],
}: ListObjectsCommandOutput | ListObjectsV2CommandOutput) =>
  [...Contents.map(({ Key = '' }) => Key), ...CommonPrefixes.map(({ Prefix = '' }) => Prefix)].sort(bytes);

async function allPages(s3: S3, Bucket: string, { prefix, delimiter, after }: Query, MaxKeys: number) {
  const names: string[] = [];
  const input = { Bucket, Prefix: prefix, Delimiter: delimiter, MaxKeys };
  let page = await s3.listObjectsV2({ ...input, StartAfter: after });
  names.push(...namesOf(page));
  while (page.IsTruncated) {
    expect(namesOf(page)).toHaveLength(MaxKeys);
    page = await s3.listObjectsV2({ ...input, ContinuationToken: page.NextContinuationToken });
    names.push(...namesOf(page));
  }
  return names;
}

async function allPagesOfVersion1(
  s3: S3,
  Bucket: string,
  { prefix, delimiter, after }: Query,
  MaxKeys: number,
) {
  const names: string[] = [];
  const input = { Bucket, Prefix: prefix, Delimiter: delimiter, MaxKeys };
  let page = await s3.listObjects({ ...input, Marker: after });
  names.push(...namesOf(page));
  while (page.IsTruncated) {
    page = await s3.listObjects({ ...input, Marker: page.NextMarker ?? page.Contents?.at(-1)?.Key });
    names.push(...namesOf(page));
  }
  return names;
}

describe('a list of S3', () => {
  let aws: LocalAwsUnderTest;
  beforeAll(async () => (aws = await localAws()));
  afterAll(() => aws.close());

  test('has every key once, in the order of bytes, on pages of any size, whatever the prefix and delimiter', async () => {
    let count = 0;
    const law = fc.asyncProperty(
      fc.uniqueArray(keys, { maxLength: 12 }),
      fc.array(query, { minLength: 4, maxLength: 4 }),
      fc.integer({ min: 1, max: 4 }),
      async (all, queries, pageSize) => {
        const bucket = `law-${count++}`;
        await aws.s3.createBucket({ Bucket: bucket });
        for (const Key of all) await aws.s3.putObject({ Bucket: bucket, Key, Body: 'x' });
        for (const each of queries) {
          const names = expected(all, each);
          expect(await allPages(aws.s3, bucket, each, pageSize)).toEqual(names);
          expect(await allPagesOfVersion1(aws.s3, bucket, each, pageSize)).toEqual(names);
        }
      },
    );
    await fc.assert(law, { numRuns: 20 });
  });

  test('shows at once what was dropped or removed by hand, also in a folder that it has just read', async () => {
    const { data, s3 } = aws;
    const listed = async () => namesOf(await s3.listObjectsV2({ Bucket: 'fresh' }));
    await putFiles(data, 'fresh', { 'folder/0': '' });
    // The local AWS keeps the names in a folder that has not changed for long. It must notice the changes below nevertheless.
    await utimes(path.join(data, 's3/fresh/folder'), 0, 0);
    for (let i = 1; i < 30; i++) {
      expect(await listed()).toHaveLength(i);
      await writeFile(path.join(data, 's3/fresh/folder', String(i)), '');
    }
    await rm(path.join(data, 's3/fresh/folder/7'));
    expect(await listed()).not.toContain('folder/7');
  });

  test('has no folder that holds no object', async () => {
    await mkdir(path.join(aws.data, 's3/hollow/empty/deeper'), { recursive: true });
    const page = await aws.s3.listObjectsV2({ Bucket: 'hollow', Delimiter: '/' });
    expect(namesOf(page)).toEqual([]);
    await aws.s3.deleteBucket({ Bucket: 'hollow' });
  });

  test('names keys that XML cannot hold, and escapes the others', async () => {
    const all = ['\u0001', ' ', '"', '%41', '&amp;', '+', "<a>'b'</a>", 'a\r\nb'];
    for (const Key of all) await aws.s3.putObject({ Bucket: 'escaped', Key, Body: 'x' });
    const encoded = await aws.s3.listObjectsV2({ Bucket: 'escaped', EncodingType: 'url' });
    expect(encoded.Contents?.map(({ Key = '' }) => decodeURIComponent(Key))).toEqual([...all].sort(bytes));
    const plain = await aws.s3.listObjectsV2({ Bucket: 'escaped', StartAfter: '\u0001' });
    expect(namesOf(plain)).toEqual(all.slice(1).sort(bytes));
  });

  test.each([
    [{ ContinuationToken: 'no token!' }, 'InvalidArgument'],
    [{ MaxKeys: -1 }, 'InvalidArgument'],
    [{ Bucket: 'there-is-none' }, 'NoSuchBucket'],
    [{ Bucket: 'NoBucketName' }, 'InvalidBucketName'],
  ])('refuses %j', async (input, name) => {
    await aws.s3.createBucket({ Bucket: 'refusals' });
    await expect(aws.s3.listObjectsV2({ Bucket: 'refusals', ...input })).rejects.toMatchObject({ name });
  });

  test('of no keys is not cut', async () => {
    await putFiles(aws.data, 'some', { a: '' });
    const page = await aws.s3.listObjectsV2({ Bucket: 'some', MaxKeys: 0 });
    expect(page).toMatchObject({ KeyCount: 0, IsTruncated: false });
  });
});
