/** `npm run dev -- --encrypted`: what the Temporal CLI, our command line and the Web UI show, and what a restart on the same folder does. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Page } from '../../dev/recording/page.ts';
import { runCli } from '../support/cli.ts';
import { required } from '../support/cluster.ts';
import { encodedIn } from '../support/stored.ts';
import { browserInTests } from '../support/viewer.ts';
import { Command } from './command.ts';

/** What the run of the tests has as input and as result, the name of its step, and the format of encrypted payloads. */
const [PATIENT, RESULT, STEP] = ['MRN-4711007', 'imageSetIds', 'searchByPatient'];
const ENCODING = Buffer.from('binary/aws-health-encrypted-1').toString('base64');

const folder = mkdtempSync(join(tmpdir(), 'encrypted-dev-test-'));
const workflowId = 'search';
const browser = browserInTests('The Web UI was not opened with encrypted payloads');

let dev: Command;
let environment: NodeJS.ProcessEnv;
let uiUrl: string;

/** Starts `npm run dev` and reads what it prints. */
async function start(...flags: string[]): Promise<string> {
  dev = new Command('dev/dev.js', ['--data', folder, ...flags]);
  const [exports] = await dev.writes(/^export .*$/m);
  const pairs = exports.matchAll(/ (\w+)=(\S+)/g);
  environment = {
    PATH: process.env['PATH'],
    HOME: folder,
    ...Object.fromEntries([...pairs].map(([, ...pair]) => pair)),
  };
  const [, url = ''] = await dev.writes(/Web UI (http\S+)/);
  uiUrl = url;
  const [command] = await dev.writes(/^.*temporal workflow start .*$/m);
  await dev.writes(/^Ctrl-C stops everything/m);
  return command;
}

async function end(): Promise<void> {
  dev.interrupt();
  await expect(dev.exited).resolves.toBe(0);
  expect(dev.family()).toEqual([]);
}

/** What the Temporal CLI shows of the run, with these environment variables. */
async function shown(env: NodeJS.ProcessEnv): Promise<string> {
  const args = ['workflow', 'show', '--workflow-id', workflowId, '--output', 'json'];
  const { stdout } = await promisify(execFile)(required('AHW_TEST_TEMPORAL'), args, { env });
  return stdout;
}

const wordsIn = (text: string) => encodedIn(Buffer.from(text), [PATIENT, RESULT, STEP]);

beforeAll(async () => {
  const command = await start('--encrypted');
  const [, datastoreId] = /"datastoreId":"(\w+)"/.exec(command) ?? [];
  const input = JSON.stringify({ datastoreId, dicomPatientId: PATIENT });
  // The copy that the command starts would take longer, and so would the next start, which would import other samples.
  const execute = command
    .replace('workflow start', `workflow execute --workflow-id ${workflowId}`)
    .replace(/--type copyImageSet --input '.*'/, `--type findImageSetByPatient --input '${input}'`);
  await promisify(execFile)('sh', ['-c', execute]);
});
afterAll(async () => {
  dev.interrupt();
  await dev.exited;
  rmSync(folder, { recursive: true });
});

test('the printed lines lead to runs that temporal shows with the codec server only', async () => {
  expect(wordsIn(await shown(environment))).toEqual([PATIENT, RESULT, STEP]);
  const { TEMPORAL_CODEC_ENDPOINT: endpoint, ...withoutCodec } = environment;
  expect(endpoint).toBeDefined();
  const stored = await shown(withoutCodec);
  expect(stored).toContain(ENCODING);
  expect(wordsIn(stored)).toEqual([]);
});

test('doctor checks the keys and the codec server', async () => {
  const { stdout } = await runCli(['doctor'], environment);
  expect(stdout).toMatch(
    /^✓ payload keys {7}kms:alias\/payloads encrypt and decrypt\n✓ codec server {7}http:/m,
  );
  const wrong = { PAYLOAD_KEYS: 'kms:no key', TEMPORAL_CODEC_ENDPOINT: 'http://127.0.0.1:1' };
  const other = await runCli(['doctor'], { ...environment, ...wrong });
  expect(other.stdout).toMatch(
    /^✗ payload keys {7}KMS does not accept the key of PAYLOAD_KEYS: NotFoundException: .*\n– codec server {7}not checked/m,
  );
  const { PAYLOAD_KEYS: _, ...withoutKeys } = { ...environment, ...wrong };
  const last = await runCli(['doctor'], withoutKeys);
  expect(last.stdout).toMatch(/^✗ codec server {7}No codec server answers at http:\/\/127\.0\.0\.1:1 /m);
});

(browser === undefined ? describe.skip : describe)('in Chromium, the Web UI', () => {
  async function pageOf(origin: string, done: (text: string) => boolean): Promise<string> {
    const url = `${origin}/namespaces/default/workflows/${workflowId}`;
    const page = await Page.open(browser ?? '', { url, width: 1500, height: 1400 });
    try {
      return await page.until('the run', async () => {
        const text = await page.text();
        return done(text) ? text : undefined;
      });
    } finally {
      await page.close();
    }
  }

  test('shows input, result and names of steps', async () => {
    // The page shows payloads as they are stored until the codec server has decrypted them.
    const isDecrypted = (text: string) => wordsIn(text).length === 3 && !text.includes(ENCODING);
    const clear = await pageOf(uiUrl, isDecrypted);
    expect(wordsIn(clear)).toEqual([PATIENT, RESULT, STEP]);
  });

  test('shows none of them as a page that the codec server does not answer', async () => {
    // The page shows the message after it has tried to have the payloads decrypted, and all events at once.
    const isComplete = (text: string) =>
      text.includes('Codec Server could not connect') &&
      text.includes('Workflow Execution Started') &&
      text.split(ENCODING).length > 2;
    const encrypted = await pageOf(uiUrl.replace('127.0.0.1', 'localhost'), isComplete);
    expect(wordsIn(encrypted)).toEqual([]);
  });
});

test('a start on the same folder without --encrypted goes on with the same key, on another port if need be', async () => {
  await end();
  expect(existsSync(join(folder, 'encrypted.txt'))).toBe(true);
  const other = createServer();
  // Another program may have the port already, which serves the purpose too.
  await new Promise((resolve) => other.once('error', resolve).listen(8081, '127.0.0.1', () => resolve(0)));
  try {
    await start();
  } finally {
    other.close();
  }
  expect(dev.stdout).toMatch(/^The runs in .* are encrypted, so new ones are too/m);
  expect(dev.stdout).toMatch(/^Port 8081 is taken: the codec server listens on \d+\.$/m);
  expect(wordsIn(await shown(environment))).toEqual([PATIENT, RESULT, STEP]);
  const { stdout } = await runCli(['result', workflowId], environment);
  expect(JSON.parse(stdout)).toEqual({ [RESULT]: [] });
  await end();
});
