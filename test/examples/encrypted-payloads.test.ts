/** The example works as its README says, and payloads cannot be read without the key. */
import { randomBytes, randomUUID } from 'node:crypto';
import type { Child } from '../../dev/children.ts';
import { localAws, type LocalAwsUnderTest } from '../local-aws/harness.ts';
import { freePort } from '../../dev/ports.ts';
import { program as cli, runCli } from '../support/cli.ts';
import { awsEnvironment, required, withCluster, type Cluster } from '../support/cluster.ts';
import { ExamplePackage } from '../support/example-package.ts';
import { textOfHistory } from '../support/history-text.ts';

const PAYLOAD_KEY = randomBytes(32).toString('hex');
/** A name that the tests search for in what Temporal stores. */
const datastoreName = `secret-${randomUUID()}`;

let aws: LocalAwsUnderTest;
let cluster: Cluster;
let example: ExamplePackage;
let env: Record<string, string>;
let codecEndpoint: string;
let workflowId: string;
const children: Child[] = [];

withCluster(localAws, (...platform) => ([aws, cluster] = platform));
beforeAll(async () => {
  example = new ExamplePackage('encrypted-payloads');
  const port = await freePort(0);
  codecEndpoint = `http://127.0.0.1:${port}`;
  env = {
    ...awsEnvironment(aws.endpoint),
    PATH: process.env['PATH'] ?? '',
    TEMPORAL_ADDRESS: cluster.address,
    TEMPORAL_TASK_QUEUE: `encrypted-${randomUUID()}`,
    PAYLOAD_KEY,
    CODEC_PORT: String(port),
  };
  children.push(example.start('worker.js', env), example.start('codec-server.js', env));
});
afterAll(async () => {
  await Promise.all(children.map((child) => child.kill()));
  example.remove();
});

test('a client with the same codec starts a run and reads its result', async () => {
  const { stdout: output } = await example.run(
    example.command(/node start.js .*/).replace('radiology', datastoreName),
    env,
  );
  [workflowId = ''] = output.split('\n');
  expect(workflowId).toMatch(/^provision-datastore-/);
  expect(output).toContain(`datastoreStatus: 'ACTIVE'`);
});

test('Temporal stores neither the input nor the result in clear text', async () => {
  const text = await textOfHistory(cluster, workflowId);
  expect(text).toContain('provisionDatastore');
  for (const secret of [datastoreName, 'ACTIVE', 'datastoreId']) expect(text).not.toContain(secret);
});

const temporal = () => `"${required('AHW_TEST_TEMPORAL')}"`;

/** The commands of the README that read a result, with the address and run of this test. */
const commands = (program: string) =>
  [...example.readme.matchAll(new RegExp(`^.*${program} .*result.*$`, 'gm'))].map(([line]) =>
    line
      .replace('provision-datastore-…', workflowId)
      .replace('http://127.0.0.1:8081', codecEndpoint)
      .replace(/^temporal /, `${temporal()} `)
      .replace('npx aws-health-workflows', `"${process.execPath}" "${cli}"`),
  );

test('the Temporal CLI shows ciphertext, and with the codec server the result', async () => {
  const [without = '', withCodec = ''] = commands('temporal');
  expect((await example.run(without, env)).stdout).not.toContain('ACTIVE');
  expect((await example.run(withCodec, env)).stdout).toContain('ACTIVE');
});

test('aws-health-workflows reads with the codec server of the Temporal CLI, and reports that it is missing', async () => {
  const [withCodec = ''] = commands('aws-health-workflows');
  expect(JSON.parse((await example.run(withCodec, env)).stdout)).toMatchObject({ datastoreStatus: 'ACTIVE' });
  for (const command of [
    ['result', workflowId],
    ['watch', workflowId],
  ]) {
    const { code, stderr } = await runCli(command, env);
    expect([command, code, stderr]).toEqual([command, 1, expect.stringMatching(CANNOT_READ)]);
  }
});

const CANNOT_READ =
  /A payload cannot be read: it is encoded as binary\/encrypted\. Set TEMPORAL_CODEC_ENDPOINT to the codec server .*\n$/;

test('aws-health-workflows starts a run that the worker can read, and encrypts what it sends', async () => {
  const TEMPORAL_CODEC_ENDPOINT = `${codecEndpoint}/{namespace}/`;
  const args = ['start', 'provisionDatastore', '--datastore-name', `${datastoreName}-2`, '--watch'];
  const { code, stdout, stderr } = await runCli(args, { ...env, TEMPORAL_CODEC_ENDPOINT });
  expect([code, stderr]).toEqual([0, expect.stringContaining('✔ pollDatastore · ACTIVE')]);
  expect(stdout).toContain(` --codec-endpoint '${TEMPORAL_CODEC_ENDPOINT}'\n`);
  const [, id = ''] = /(provision-datastore-\w+)/.exec(stdout + stderr) ?? [];
  expect(await textOfHistory(cluster, id)).not.toContain(datastoreName);
});

test.each([
  [
    'http://127.0.0.1:1',
    /^No codec server answers at http:\/\/127\.0\.0\.1:1 \(TEMPORAL_CODEC_ENDPOINT\)\.\n$/,
  ],
  ['codec.example.com', /^TEMPORAL_CODEC_ENDPOINT must begin with http:\/\/ or https:\/\/\.\n$/],
  [
    'http://user:secret@127.0.0.1:1',
    /^TEMPORAL_CODEC_ENDPOINT must not contain a user name or a password\. .*\n$/,
  ],
  // The server at this address is not a codec server.
  [undefined, /^The codec server at .* cannot decode this: it answers \d+\.\n$/],
])('a wrong codec server at %s prints one line', async (endpoint = aws.endpoint, said) => {
  const { code, stderr } = await runCli(['result', workflowId], {
    ...env,
    TEMPORAL_CODEC_ENDPOINT: endpoint,
  });
  expect([code, stderr]).toEqual([1, expect.stringMatching(said)]);
});

test('the Web UI may call the codec server from the browser, and an error does not say why a payload cannot be decoded', async () => {
  const headers = {
    Origin: 'http://127.0.0.1:8233',
    'Access-Control-Request-Headers': 'content-type,x-namespace',
  };
  const preflight = await fetch(`${codecEndpoint}/decode`, { method: 'OPTIONS', headers });
  expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([
    204,
    'http://127.0.0.1:8233',
  ]);
  const encoding = Buffer.from('binary/encrypted').toString('base64');
  const body = JSON.stringify({ payloads: [{ metadata: { encoding }, data: 'AAAA' }] });
  const refused = await fetch(`${codecEndpoint}/decode`, { method: 'POST', body });
  expect([refused.status, await refused.text()]).toEqual([400, '']);
  expect((await fetch(`${codecEndpoint}/other`, { method: 'POST', body })).status).toBe(404);
});

test.each(['worker.js', 'start.js', 'codec-server.js'])(
  '%s without a key prints one line',
  async (script) => {
    expect(await example.run(`node ${script}`, { ...env, PAYLOAD_KEY: '' })).toEqual({
      code: 1,
      stdout: '',
      stderr: 'PAYLOAD_KEY must be 64 hexadecimal digits. To make one: openssl rand -hex 32\n',
    });
  },
);
