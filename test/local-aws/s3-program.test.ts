import { createHash } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import path from 'node:path';
import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import type { CompletedPart, S3 } from '@aws-sdk/client-s3';
import { temporaryFolder, until } from './harness.ts';
import { Program } from './program.ts';

const MB = 1024 * 1024;
const Bucket = 'bucket';

/** Content that repeats the name of its version, so that a mixture of two versions is noticed. */
const version = (name: string, megabytes: number) => Buffer.alloc(megabytes * MB, `${name};`);

describe('S3 in a process of its own', () => {
  let data: string;
  const started: Program[] = [];
  const start = async (limit?: string) => {
    const program = new Program(['--data', data], limit);
    started.push(program);
    return { program, ...(await program.clients()) };
  };
  beforeEach(async () => (data = await temporaryFolder()));
  afterEach(async () => {
    await Promise.all(started.splice(0).map((program) => program.end('SIGKILL')));
    await rm(data, { recursive: true });
  });

  /** The version of the object by its metadata, after a check that its content is of this version; or the name of the error. */
  async function stored(s3: S3, Key: string) {
    const reply = await s3.getObject({ Bucket, Key }).catch(({ name }: Error) => name);
    if (typeof reply === 'string') return reply;
    const content = Buffer.from((await reply.Body?.transformToByteArray()) ?? []);
    const name = reply.Metadata?.['version'] ?? 'no metadata';
    expect(content.equals(version(name, content.length / MB))).toBe(true);
    return name;
  }

  const drafts = () => readdirSync(path.join(data, 's3-drafts'), { withFileTypes: true });
  const draftedBytes = () =>
    Math.max(0, ...drafts().map(({ name }) => statSync(path.join(data, 's3-drafts', name)).size));

  /** Starts to put an object of 2 MB, and sends all but its last byte. */
  async function beginPut({ control }: { control: { endpoint: string } }): Promise<Socket> {
    const { hostname, port } = new URL(control.endpoint);
    const socket = connect(Number(port), hostname);
    socket.on('error', () => {});
    socket.write(
      `PUT /${Bucket}/key HTTP/1.1\r\nhost: x\r\ncontent-length: ${2 * MB}\r\nx-amz-meta-version: new\r\n\r\n`,
    );
    socket.write(version('new', 2).subarray(0, -1));
    await until(
      () => Promise.resolve(draftedBytes()),
      (bytes) => bytes === 2 * MB - 1,
    );
    return socket;
  }

  test('a PUT that is killed half-way leaves the object that was there, with its metadata, and no other file', async () => {
    const before = await start();
    await before.s3.putObject({ Bucket, Key: 'key', Metadata: { version: 'old' }, Body: version('old', 1) });
    await beginPut(before);
    await before.program.end('SIGKILL');
    const { s3 } = await start();
    expect(await stored(s3, 'key')).toBe('old');
    expect(drafts()).toEqual([]);
    expect(await readdir(path.join(data, 's3', Bucket))).toEqual(['key']);
  });

  test('a PUT that is killed as its file takes its name leaves the new object, with its metadata', async () => {
    const before = await start();
    await before.s3.putObject({ Bucket, Key: 'key', Metadata: { version: 'old' }, Body: version('old', 1) });
    const socket = await beginPut(before);
    const file = path.join(data, 's3', Bucket, 'key');
    const { ino } = statSync(file);
    await new Promise<void>((resolve) =>
      socket.write(version('new', 2).subarray(-1), () => {
        // A loop without a pause, so that the kill follows the renaming of the file at once.
        for (const limit = Date.now() + 60_000; statSync(file).ino === ino && Date.now() < limit;);
        resolve(void before.program.end('SIGKILL'));
      }),
    );
    await before.program.exited();
    const { s3 } = await start();
    expect(await stored(s3, 'key')).toBe('new');
  });

  test('PUTs that are killed at any moment leave one version, whole and with its own metadata', async () => {
    let acknowledged = 'NoSuchKey';
    let server = await start();
    for (let round = 1; round <= 3; round++) {
      const { program, s3 } = server;
      const sent: string[] = [];
      const puts = (async () => {
        for (let i = 1; ; i++) {
          const name = `${round}.${i}`;
          sent.push(name);
          await s3.putObject({ Bucket, Key: 'key', Body: version(name, 1), Metadata: { version: name } });
          acknowledged = name;
        }
      })().catch(() => {});
      // Kills the program after some PUTs, at an arbitrary point of the next one.
      await until(
        () => Promise.resolve(sent.length),
        (count) => count > 3 * round,
      );
      for (let i = 0; i < 40 * round; i++) await setImmediate();
      await program.end('SIGKILL');
      await puts;
      server = await start();
      const there = await stored(server.s3, 'key');
      expect([acknowledged, sent.at(-1)]).toContain(there);
      acknowledged = there;
    }
  });

  test('a completion that is killed half-way shows no object or all of it, and can be repeated', async () => {
    const before = await start();
    const begin = { Bucket, Key: 'large', Metadata: { version: 'parts' } };
    const { UploadId } = await before.s3.createMultipartUpload(begin);
    const upload = { Bucket, Key: 'large', UploadId };
    const Parts: CompletedPart[] = [];
    for (const PartNumber of [1, 2, 3, 4]) {
      const { ETag } = await before.s3.uploadPart({ ...upload, PartNumber, Body: version('parts', 6) });
      Parts.push({ PartNumber, ETag });
    }
    const complete = (s3: S3) => s3.completeMultipartUpload({ ...upload, MultipartUpload: { Parts } });
    const lost = complete(before.s3).catch(() => {});
    await until(
      () => Promise.resolve(draftedBytes()),
      (bytes) => bytes > 0,
    );
    await before.program.end('SIGKILL');
    await lost;

    const { s3 } = await start();
    const there = await stored(s3, 'large');
    expect(['NoSuchKey', 'parts']).toContain(there);
    if (there === 'NoSuchKey') await complete(s3);
    expect(await stored(s3, 'large')).toBe('parts');
    const md5s = Parts.map(({ ETag = '' }) => Buffer.from(ETag.replaceAll('"', ''), 'hex'));
    const md5 = createHash('md5').update(Buffer.concat(md5s)).digest('hex');
    expect(await s3.headObject({ Bucket, Key: 'large' })).toMatchObject({ ETag: `"${md5}-4"` });
    expect(drafts()).toEqual([]);
  });

  test('an object of 300 MB is taken and given in less memory than it has', async () => {
    const { program, s3 } = await start();
    await s3.putObject({ Bucket, Key: 'warm', Body: version('warm', 1) });
    const before = program.memoryMB();
    let most = before;
    const measure = () => (most = Math.max(most, program.memoryMB()));
    const piece = version('memory', 1);
    async function* pieces() {
      for (let i = 0; i < 300; i++) {
        if (i % 20 === 0) measure();
        yield piece;
      }
    }
    const Body = Readable.from(pieces(), { objectMode: false });
    await s3.putObject({ Bucket, Key: 'large', Body, ContentLength: 300 * MB });
    measure();
    let received = 0;
    const reply = await s3.getObject({ Bucket, Key: 'large' });
    if (!(reply.Body instanceof Readable)) throw new Error('the body is a stream');
    for await (const bytes of reply.Body) {
      const former = received;
      received += (bytes as Buffer).length;
      if (Math.floor(former / (20 * MB)) < Math.floor(received / (20 * MB))) measure();
    }
    expect(received).toBe(300 * MB);
    expect(most - before).toBeLessThan(150);
  });

  test('a disk that takes no more is an error that says so, and leaves what was there', async () => {
    // `ulimit -f` counts units of 512 bytes, so that no file can be larger than 8 MB.
    const { s3 } = await start('ulimit -f 16384');
    const put = { Bucket, Key: 'key', Metadata: { version: 'old' } };
    await s3.putObject({ ...put, Body: version('old', 1) });
    await expect(s3.putObject({ Bucket, Key: 'key', Body: version('new', 20) })).rejects.toMatchObject({
      name: 'InsufficientStorage',
      message: expect.stringContaining('ulimit -f'),
      $metadata: { httpStatusCode: 507 },
    });
    expect(await stored(s3, 'key')).toBe('old');
    expect(drafts()).toEqual([]);
  });

  test('keeps uploads, odd keys, metadata and what was dropped over a restart', async () => {
    const before = await start();
    await before.s3.putObject({
      Bucket,
      Key: 'odd//',
      Body: version('odd', 1),
      Metadata: { version: 'odd' },
    });
    const { UploadId } = await before.s3.createMultipartUpload({ Bucket, Key: 'later' });
    const upload = { Bucket, Key: 'later', UploadId };
    const { ETag } = await before.s3.uploadPart({ ...upload, PartNumber: 1, Body: 'part' });
    await before.program.end('SIGKILL');
    await mkdir(path.join(data, 's3/dropped'));
    await writeFile(path.join(data, 's3/dropped/file'), 'x');
    // An upload that has ended leaves its folder if the process is killed before it removes the files.
    await mkdir(path.join(data, 's3-uploads/ended'));

    const { s3 } = await start();
    expect(await stored(s3, 'odd//')).toBe('odd');
    expect((await s3.listObjectsV2({ Bucket, Prefix: 'odd/' })).Contents).toMatchObject([{ Key: 'odd//' }]);
    expect((await s3.listBuckets({})).Buckets?.map(({ Name }) => Name)).toEqual([Bucket, 'dropped']);
    await s3.completeMultipartUpload({ ...upload, MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] } });
    expect(await s3.headObject({ Bucket, Key: 'later' })).toMatchObject({ ContentLength: 4 });
    expect(await readdir(path.join(data, 's3-uploads'))).toEqual([]);
  });
});
