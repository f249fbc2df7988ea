import { createHash } from 'node:crypto';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import fc from 'fast-check';
import { Crc32c, Crc64Nvme } from '@aws-sdk/checksums/crc';
import { localAws, type LocalAwsUnderTest } from './harness.ts';

interface Reply {
  readonly status: number;
  readonly code: string | undefined;
  readonly text: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

describe('the protocol of S3', () => {
  let aws: LocalAwsUnderTest;
  beforeAll(async () => (aws = await localAws()));
  afterAll(() => aws.close());

  /** Sends a request without an SDK, with no other headers than these and `content-length`. */
  const send = (
    method: string,
    path: string,
    headers: Readonly<Record<string, string>> = {},
    body = '',
  ): Promise<Reply> =>
    new Promise((resolve, reject) => {
      const { hostname, port } = new URL(aws.endpoint);
      const sent = request(
        { hostname, port, method, path, headers: { 'content-length': body.length, ...headers } },
        (reply) => {
          let text = '';
          reply.setEncoding('utf8');
          reply.on('data', (piece: string) => (text += piece));
          reply.on('end', () => {
            const { statusCode: status = 0, headers } = reply;
            resolve({ status, headers, text, code: /<Code>(.*?)<\/Code>/.exec(text)?.[1] });
          });
        },
      );
      sent.on('error', reject).end(body);
    });

  const put = (headers: Readonly<Record<string, string>>, body: string) =>
    send('PUT', '/wire/object', headers, body);
  const content = async () => (await send('GET', '/wire/object')).text;

  const chunked = {
    'content-encoding': 'aws-chunked,gzip',
    'x-amz-decoded-content-length': '10',
    'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
    'x-amz-trailer': 'x-amz-checksum-crc32',
  };
  // The CRC32 of 0123456789, which is a684c7c6, in base64.
  const crc32 = 'poTHxg==';

  test.each([
    ['a trailer', chunked, `4\r\n0123\r\n6\r\n456789\r\n0\r\nx-amz-checksum-crc32:${crc32}\r\n\r\n`],
    [
      'signed chunks',
      { ...chunked, 'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD', 'x-amz-trailer': '' },
      'a;chunk-signature=0055627c9e194cb4\r\n0123456789\r\n0;chunk-signature=0055627c9e194cb4\r\n\r\n',
    ],
    [
      'signed chunks and a signed trailer',
      { ...chunked, 'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER' },
      `a;chunk-signature=0055627c9e194cb4\r\n0123456789\r\n0;chunk-signature=0055627c9e194cb4\r\nx-amz-checksum-crc32:${crc32}\r\nx-amz-trailer-signature:d81f82fc3505edab\r\n\r\n`,
    ],
  ])('takes an aws-chunked body with %s', async (_what, headers, body) => {
    expect(await put(headers, body)).toMatchObject({ status: 200 });
    const { text, headers: shown } = await send('GET', '/wire/object');
    expect(text).toBe('0123456789');
    // `aws-chunked` says only how the request was sent, so it is not stored with the object.
    expect(shown['content-encoding']).toBe('gzip');
  });

  test.each([
    [
      'a trailer that does not fit',
      chunked,
      `a\r\n0123456789\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n`,
      'BadDigest',
    ],
    ['no trailer', chunked, `a\r\n0123456789\r\n0\r\n\r\n`, 'MalformedTrailerError'],
    [
      'fewer bytes than announced',
      chunked,
      `4\r\n0123\r\n0\r\nx-amz-checksum-crc32:${crc32}\r\n\r\n`,
      'IncompleteBody',
    ],
    ['a chunk that is cut', chunked, `a\r\n0123`, 'IncompleteBody'],
    ['a length that is none', chunked, `zz\r\n0123\r\n`, 'IncompleteBody'],
    ['another MD5', { 'content-md5': 'AAAAAAAAAAAAAAAAAAAAAA==' }, '0123456789', 'BadDigest'],
    ['another CRC32', { 'x-amz-checksum-crc32': 'AAAAAA==' }, '0123456789', 'BadDigest'],
    ['another SHA-1', { 'x-amz-checksum-sha1': 'AAAA' }, '0123456789', 'BadDigest'],
    ['an unknown algorithm', { 'x-amz-sdk-checksum-algorithm': 'CRC7' }, '0123456789', 'InvalidRequest'],
    [
      'more than 5 GB',
      { 'x-amz-decoded-content-length': '6000000000', 'x-amz-content-sha256': 'STREAMING-' },
      '',
      'EntityTooLarge',
    ],
    ['more metadata than 2 kB', { 'x-amz-meta-a': 'x'.repeat(3000) }, '0123456789', 'MetadataTooLarge'],
  ])('refuses a body with %s, and keeps what was there', async (_what, headers, body, code) => {
    await put({}, 'before');
    expect(await put(headers, body)).toMatchObject({ status: 400, code });
    expect(await content()).toBe('before');
  });

  test('refuses a large body without reading it to its end, and takes the next request by the same connection', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const { hostname, port: endpointPort } = new URL(aws.endpoint);
    const sendBy = (method: string, headers: Readonly<Record<string, string>>, body: string) =>
      new Promise<{ status: number | undefined; port: number | undefined }>((resolve, reject) => {
        const path = '/wire/object';
        const sent = request({ hostname, port: endpointPort, method, path, headers, agent }, (reply) => {
          const port = reply.socket.localPort;
          reply.resume().on('end', () => resolve({ status: reply.statusCode, port }));
        });
        sent.on('error', reject).end(body);
      });
    await put({}, 'before');
    const refused = await sendBy('PUT', chunked, 'no length'.repeat(2_000_000));
    expect(refused.status).toBe(400);
    expect(await sendBy('GET', {}, '')).toEqual({ status: 200, port: refused.port });
    agent.destroy();
    // If the second request got no reply, it would end after two minutes. The test must fail before.
  }, 60_000);

  test('verifies every checksum that clients send, and gives it back to those that ask', async () => {
    const body = '0123456789';
    const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
    const [crc32c, crc64] = [new Crc32c(), new Crc64Nvme()];
    for (const crc of [crc32c, crc64]) crc.update(Buffer.from(body));
    const sums = {
      crc32,
      crc32c: base64(await crc32c.digest()),
      crc64nvme: base64(await crc64.digest()),
      sha1: base64(createHash('sha1').update(body).digest()),
      sha256: base64(createHash('sha256').update(body).digest()),
    };
    for (const [name, value] of Object.entries(sums)) {
      const header = `x-amz-checksum-${name}`;
      expect(await put({ [header]: value }, body)).toMatchObject({
        status: 200,
        headers: { [header]: value },
      });
      const asked = await send('GET', '/wire/object', { 'x-amz-checksum-mode': 'ENABLED' });
      expect(asked.headers[header]).toBe(value);
      const part = await send('GET', '/wire/object', {
        'x-amz-checksum-mode': 'ENABLED',
        range: 'bytes=0-1',
      });
      expect(part.headers[header]).toBeUndefined();
      expect((await send('GET', '/wire/object')).headers[header]).toBeUndefined();
    }
  });

  test('answers Expect: 100-continue, and takes the bucket from the name of the host', async () => {
    const headers = { expect: '100-continue', host: 'hosted.s3.localhost:4566' };
    expect(await send('PUT', '/by/host', headers, 'hosted')).toMatchObject({ status: 200 });
    expect(await send('GET', '/hosted/by/host')).toMatchObject({ text: 'hosted' });
    expect((await send('GET', '/', { host: 'hosted.localhost' })).text).toContain('<Key>by/host</Key>');
    expect((await send('GET', '/', { host: 's3.localhost' })).text).toContain('<Name>hosted</Name>');
  });

  test('a client that goes away in the middle of a PUT leaves nothing', async () => {
    await put({}, 'before');
    const { hostname, port } = new URL(aws.endpoint);
    const socket = connect(Number(port), hostname);
    socket.write('PUT /wire/object HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\nhalf');
    await aws.control.waitForCall({ operation: 'PutObject', outcome: 'pending' });
    socket.destroy();
    await aws.control.waitForCall({ operation: 'PutObject', outcome: 'IncompleteBody' });
    expect(await content()).toBe('before');
  });

  test.each([
    ['PUT', `/wire/${'k'.repeat(1025)}`, 'KeyTooLongError'],
    ['GET', '/wire/%zz', 'InvalidURI'],
    ['PUT', '/Wire', 'InvalidBucketName'],
    ['PUT', '/..', 'InvalidBucketName'],
    ['PUT', '/wire/x?partNumber=0&uploadId=none', 'NoSuchUpload'],
    ['POST', '/wire?delete', 'MalformedXML'],
    ['GET', '/wire/object?partNumber=7', 'InvalidPartNumber'],
    ['GET', '/wire/object?acl', 'UnknownOperationException'],
  ])('refuses %s %s', async (method, path, code) => {
    await put({}, 'x');
    expect(await send(method, path, {}, '<a/>')).toMatchObject({ code });
  });

  test('answers every request, whatever it asks, with a success or an error of S3', async () => {
    const errors = jest.spyOn(console, 'error').mockImplementation(() => {});
    const oneOf = (words: string) => fc.constantFrom(...words.split(' '));
    const word = fc.oneof(oneOf('wire object .. / %00 é -1 bytes= * " 0- <x>'), fc.constantFrom('', 'a b'));
    const parameter = oneOf(
      'uploads uploadId partNumber delete list-type prefix delimiter max-keys marker continuation-token ' +
        'encoding-type tagging location versionId max-parts max-buckets',
    );
    const header = oneOf(
      'range if-match if-none-match if-modified-since x-amz-copy-source x-amz-copy-source-range ' +
        'x-amz-checksum-crc32 content-md5 x-amz-tagging x-amz-content-sha256 x-amz-trailer',
    );
    const value = fc.oneof(
      word,
      fc.constantFrom('2', '1000', '/wire/object', 'STREAMING-X', 'url', 'bytes=0-0'),
    );
    const asked = fc.record({
      method: fc.constantFrom('GET', 'PUT', 'POST', 'DELETE', 'HEAD'),
      path: fc.array(word, { maxLength: 3 }),
      query: fc.dictionary(parameter, value, { maxKeys: 3 }),
      headers: fc.dictionary(header, value.map(encodeURI), { maxKeys: 3 }),
      body: fc.constantFrom(
        '',
        'x',
        '<Delete/>',
        '<Delete><Object><Key>a</Key></Object></Delete>',
        '<Tagging><TagSet/></Tagging>',
      ),
    });
    const law = fc.asyncProperty(asked, async ({ method, path, query, headers, body }) => {
      await put({}, 'x');
      const target = `/${path.map(encodeURIComponent).join('/')}?${String(new URLSearchParams(query))}`;
      const { status, code } = await send(method, target, headers, body);
      expect(status).toBeLessThan(500);
      if (status >= 400 && method !== 'HEAD') expect(code).toMatch(/^[A-Z]\w+$/);
    });
    await fc.assert(law, { numRuns: 200 });
    expect(errors).not.toHaveBeenCalled();
    errors.mockRestore();
  });
});
