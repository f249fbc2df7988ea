/** The codec server as the Web UI and the Temporal CLI call it, and as others try to. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request as httpRequest, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Payload, PayloadCodec } from '@temporalio/common';
import { SignJWT, UnsecuredJWT, exportJWK, generateKeyPair } from 'jose';
import { startChild } from '../../dev/children.ts';
import { readAccess } from '../../src/payloads/codec-access.ts';
import { createCodecServer, type CodecRecord } from '../../src/payloads/codec-server.ts';
import { clientEncryption } from '../../src/payloads/encryption.ts';
import { toJson } from '../../src/payloads/payload-json.ts';
import { temporalCommand } from '../../src/temporal/temporal-command.ts';
import { program, runCli } from '../support/cli.ts';
import { HOSTILE, NAUGHTY } from '../support/hostile.ts';
import { listen } from '../support/listen.ts';

const UI = 'https://temporal.example.com';
const folder = mkdtempSync(join(tmpdir(), 'ahw-codec-server-'));
const keyFile = join(folder, 'keys');
writeFileSync(keyFile, randomBytes(32).toString('base64'));
const PAYLOAD_KEYS = `file:${keyFile}`;

const servers: Server[] = [];
const records: CodecRecord[] = [];
afterAll(() => {
  for (const server of servers) server.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => void records.splice(0));

const codecFor = async (namespace = 'default') => {
  const [codec] = (await clientEncryption({ PAYLOAD_KEYS }, namespace))?.payloadCodecs ?? [];
  if (!codec) throw new Error('no codec');
  return codec;
};

async function serve(env: NodeJS.ProcessEnv = {}, other?: PayloadCodec): Promise<string> {
  const codec = other ?? (await codecFor());
  const log = (record: CodecRecord) => void records.push(record);
  const access = readAccess(env, '127.0.0.1');
  const server = createCodecServer({ codec, namespace: 'default', access, uiOrigin: UI, log });
  servers.push(server);
  return listen(server);
}

const plain: Payload = {
  metadata: { encoding: Buffer.from('json/plain') },
  data: Buffer.from('"DOE^JANE"'),
};

async function encrypted(namespace?: string) {
  const payloads = await (await codecFor(namespace)).encode([plain]);
  return { payloads: payloads.map(toJson) };
}

const post = (url: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

test('decrypts and encrypts for the Web UI, which asks first, and for the CLI, and logs who and by which key', async () => {
  const url = await serve();
  const asked = 'content-type,x-namespace,authorization';
  const preflight = await fetch(`${url}/decode`, {
    method: 'OPTIONS',
    headers: { origin: UI, 'access-control-request-headers': asked, 'access-control-request-method': 'POST' },
  });
  expect(preflight.status).toBe(204);
  expect(preflight.headers.get('access-control-allow-origin')).toBe(UI);
  expect(preflight.headers.get('access-control-allow-headers')?.replaceAll(' ', '')).toBe(asked);

  const decoded = await post(`${url}/decode`, await encrypted(), { origin: UI, 'x-namespace': 'default' });
  expect(await decoded.json()).toEqual({ payloads: [toJson(plain)] });
  const encoded = await post(`${url}/encode`, { payloads: [toJson(plain)] }, { 'x-namespace': '' });
  const sent = await encoded.text();
  expect(sent).not.toContain(toJson(plain).data);
  expect(await (await post(`${url}/decode`, sent)).json()).toEqual({ payloads: [toJson(plain)] });

  const key = expect.stringMatching(/^file:[0-9a-f]{16}$/) as string;
  const common = { who: 'this machine', status: 200, payloads: 1 };
  expect(records).toMatchObject([
    { ...common, what: 'decode', keys: [key] },
    { ...common, what: 'encode', keys: [] },
    { ...common, what: 'decode', keys: [key] },
  ]);
  expect(JSON.stringify(records)).not.toMatch(/DOE|RE9F/);
});

test('refuses pages of other origins, names that were made to lead here, other paths and other namespaces', async () => {
  const url = await serve();
  const body = await encrypted();
  const statusOf = async (path: string, headers = {}, given: unknown = body) =>
    (await post(`${url}${path}`, given, headers)).status;
  expect(await statusOf('/decode', { origin: 'https://evil.example.com' })).toBe(403);
  expect(await statusOf('/other')).toBe(404);
  expect(await statusOf('/decode', { 'x-namespace': 'other' })).toBe(400);
  expect(await statusOf('/decode', {}, await encrypted('other'))).toBe(400);
  expect((await fetch(`${url}/decode`)).status).toBe(405);
  const rebound = await new Promise((resolve, reject) => {
    const options = { method: 'POST', headers: { host: 'evil.example.com' } };
    httpRequest(`${url}/decode`, options, ({ statusCode }) => resolve(statusCode))
      .on('error', reject)
      .end(JSON.stringify(body));
  });
  expect(rebound).toBe(401);
});

test.each([
  ['no JSON', '{'],
  ['no payloads', {}],
  ['payloads that are none', { payloads: 'x' }],
  ['prototypes', '{"__proto__": {"payloads": []}}'],
  ['deep nesting', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
])('answers 400 and nothing else to %s', async (_, body) => {
  const response = await post(`${await serve()}/decode`, body);
  expect([response.status, await response.text()]).toEqual([400, '']);
});

test('answers nothing about a payload that was changed or cut', async () => {
  const url = await serve();
  const { payloads } = await encrypted();
  const [payload] = payloads;
  const bytes = Buffer.from(String(payload?.data), 'base64');
  const cut = bytes.subarray(0, -1);
  bytes[20] = (bytes[20] ?? 0) ^ 1;
  for (const data of [bytes, cut]) {
    const changed = { payloads: [{ ...payload, data: data.toString('base64') }] };
    const response = await post(`${url}/decode`, changed);
    expect([response.status, await response.text()]).toEqual([400, '']);
  }
  const reason = 'A payload cannot be decrypted: it is damaged, or somebody has changed it.';
  const refused = { status: 400, payloads: 1, keys: [], reason };
  expect(records).toMatchObject([refused, refused]);
});

test('says in its log, and not to the caller, why KMS refuses', async () => {
  const refused = Object.assign(new Error('no kms:Decrypt'), {
    name: 'AccessDeniedException',
    $metadata: {},
  });
  const fail = () => Promise.reject(refused);
  const url = await serve({}, { encode: fail, decode: fail });
  const response = await post(`${url}/decode`, await encrypted());
  expect([response.status, await response.text()]).toEqual([503, '']);
  expect(records).toMatchObject([
    { status: 503, reason: 'AWS answers AccessDeniedException: no kms:Decrypt' },
  ]);
});

test('survives requests that are made to break it, and repeats nothing of them', async () => {
  const url = await serve();
  const attack = async (path: string, body: string, headers = {}) => {
    const response = await post(url + path, body, headers);
    const answer = await response.text();
    // What is not encrypted is passed on as it came. Everything else is refused without a word.
    expect([response.status, response.ok || answer]).toEqual(response.ok ? [200, true] : [400, '']);
  };
  for (const json of Object.values(HOSTILE)) await attack('/decode', `{"payloads":${json}}`);
  for (const text of NAUGHTY) {
    const json = JSON.stringify(text);
    const body = `{"payloads":[{"metadata":{"encoding":${json},${json}:${json}},"data":${json}}]}`;
    await attack('/decode', body, { 'x-forwarded-for': encodeURIComponent(text) });
  }
  const tooLong = await post(`${url}/encode`, 'x'.repeat(65 * 1024 * 1024));
  expect([tooLong.status, await tooLong.text()]).toEqual([413, '']);
  expect(records.filter((record) => JSON.stringify(record).length > 200)).toEqual([]);
  // It still answers.
  expect((await post(`${url}/decode`, await encrypted())).status).toBe(200);
});

test('with a shared token, only who knows it is answered', async () => {
  const CODEC_SERVER_TOKEN = randomBytes(16).toString('hex');
  const url = `${await serve({ CODEC_SERVER_TOKEN })}/decode`;
  const body = await encrypted();
  const statusOf = async (authorization?: string) =>
    (await post(url, body, authorization === undefined ? {} : { authorization })).status;
  expect(await statusOf()).toBe(401);
  expect(await statusOf('Bearer ')).toBe(401);
  expect(await statusOf(`Bearer ${CODEC_SERVER_TOKEN}x`)).toBe(401);
  expect(await statusOf(`Bearer ${CODEC_SERVER_TOKEN}`)).toBe(200);
  expect(records.map(({ who }) => who)).toEqual([undefined, undefined, undefined, 'shared token']);
});

test('with the sign-in of the Web UI, only its valid tokens for this audience are accepted', async () => {
  const [own, foreign] = [await generateKeyPair('RS256'), await generateKeyPair('RS256')];
  const jwk = { ...(await exportJWK(own.publicKey)), kid: 'k', alg: 'RS256' };
  const jwks = createServer((_, response) => response.end(JSON.stringify({ keys: [jwk] })));
  servers.push(jwks);
  const CODEC_JWKS_URL = `${await listen(jwks)}/jwks`;
  const url = `${await serve({ CODEC_JWKS_URL, CODEC_JWT_AUDIENCE: 'temporal' })}/decode`;
  const body = await encrypted();
  const token = (key = own.privateKey, audience = 'temporal', expires = '5m') =>
    new SignJWT({ sub: 'ann' })
      .setProtectedHeader({ alg: 'RS256', kid: 'k' })
      .setAudience(audience)
      .setExpirationTime(expires)
      .sign(key);
  const unsigned = new UnsecuredJWT({ sub: 'ann' }).setAudience('temporal').setExpirationTime('5m').encode();
  const statusOf = async (jwt: string) => (await post(url, body, { authorization: `Bearer ${jwt}` })).status;
  expect(await statusOf(await token())).toBe(200);
  expect(records).toMatchObject([{ who: 'ann' }]);
  expect(await statusOf(await token(foreign.privateKey))).toBe(401);
  expect(await statusOf(await token(own.privateKey, 'other'))).toBe(401);
  expect(await statusOf(await token(own.privateKey, 'temporal', '-1m'))).toBe(401);
  expect(await statusOf(unsigned)).toBe(401);
  expect(await statusOf('nonsense')).toBe(401);
});

test.each([
  [
    'an address that others reach, without a token',
    {},
    '0.0.0.0',
    /^The codec server decrypts for everybody/,
  ],
  ['a short token', { CODEC_SERVER_TOKEN: 'short' }, '127.0.0.1', /at least 16 characters/],
  ['half of the sign-in', { CODEC_JWKS_URL: 'https://a/' }, '127.0.0.1', /needed together/],
])('refuses %s', (_, env, host, said) => {
  expect(() => readAccess(env, host)).toThrow(said);
});

test('the command listens on this machine, logs as JSON, and shows no key', async () => {
  const logFile = join(folder, 'log');
  const env = { PATH: process.env['PATH'], PAYLOAD_KEYS };
  const args = [program, 'codec-server', '--port', '0', '--ui-origin', UI];
  const child = startChild(process.execPath, args, { name: 'codec-server', logFile, env });
  const log = () => readFileSync(logFile, 'utf8');
  try {
    while (!log().includes('Ctrl-C')) await pause(50);
    const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(log()) ?? [];
    expect((await post(`${url}/decode`, await encrypted())).status).toBe(200);
    while (!log().includes('"decode"')) await pause(50);
    expect(log()).not.toContain(readFileSync(keyFile, 'utf8').trim());
  } finally {
    await child.kill();
  }
});

describe('a printed command of the Temporal CLI', () => {
  const names = ['PAYLOAD_KEYS', 'TEMPORAL_CODEC_ENDPOINT', 'TEMPORAL_CODEC_AUTH'] as const;
  const cancel = ['workflow', 'cancel', '--workflow-id', 'a b'];
  afterEach(() => {
    for (const name of names) delete process.env[name];
  });

  test.each([
    ['names no codec server if payloads are not encrypted', {}, ''],
    [
      'names the default address of the codec server',
      { PAYLOAD_KEYS },
      ' --codec-endpoint http://127.0.0.1:8081',
    ],
    [
      'names the codec server of the environment, and the variable with its token',
      { PAYLOAD_KEYS, TEMPORAL_CODEC_ENDPOINT: `${UI}/codec`, TEMPORAL_CODEC_AUTH: 'Bearer secret' },
      ` --codec-endpoint ${UI}/codec --codec-auth "$TEMPORAL_CODEC_AUTH"`,
    ],
  ])('%s', (_, env, flags) => {
    Object.assign(process.env, env);
    expect(temporalCommand(cancel)).toBe(`temporal workflow cancel --workflow-id 'a b'${flags}`);
  });
});

test.each([
  ['without keys', [], {}, 'The codec server needs PAYLOAD_KEYS, as the worker has it.\n'],
  [
    'for all hosts',
    ['--host', '0.0.0.0'],
    { PAYLOAD_KEYS },
    /^The codec server decrypts for everybody .*\n$/,
  ],
  ['with a wrong origin', ['--ui-origin', `${UI}/`], { PAYLOAD_KEYS }, /^--ui-origin must be an origin/],
])('the command does not start %s', async (_, args, env, said) => {
  const { code, stderr } = await runCli(['codec-server', ...args], { PATH: process.env['PATH'], ...env });
  expect([code, stderr]).toEqual([1, typeof said === 'string' ? said : expect.stringMatching(said)]);
});
