/** Every command of `docs/recurring-imports.md`, run as it stands there. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { localAws, type LocalAwsUnderTest } from './local-aws/harness.ts';
import { required, withCluster, type Cluster } from './support/cluster.ts';
import { polling } from './support/inputs.ts';
import { untilFired } from './support/schedules.ts';

let aws: LocalAwsUnderTest;
let cluster: Cluster;
const folder = mkdtempSync(join(tmpdir(), 'doc-test-'));

withCluster(localAws, (...platform) => ([aws, cluster] = platform));
beforeAll(async () => {
  mkdirSync(join(folder, '.local'));
  symlinkSync(aws.data, join(folder, '.local/aws'));
  const cli = join(import.meta.dirname, '../dist/src/cli.js');
  // The page begins where a worker is there.
  await cluster.flows.execute('provisionDatastore', { datastoreName: 'first', polling });
  // What npm would make of the package once it is installed.
  program('npx', `shift; exec "${process.execPath}" "${cli}" "$@"`);
  program('temporal', `exec "${required('AHW_TEST_TEMPORAL')}" "$@"`);
});
afterAll(() => rmSync(folder, { recursive: true }));

function program(name: string, script: string): void {
  mkdirSync(join(folder, 'bin'), { recursive: true });
  writeFileSync(join(folder, 'bin', name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

const page = readFileSync(join(import.meta.dirname, '../docs/recurring-imports.md'), 'utf8');
const blocksOf = (text: string) => [...text.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = '']) => block);

/** Runs commands as one script; the first that fails ends it, and the test. */
async function run(blocks: readonly string[]): Promise<string> {
  const script = blocks.join('\n').replaceAll('http://127.0.0.1:4566', aws.endpoint);
  const { stdout } = await promisify(execFile)('bash', ['--norc', '-eo', 'pipefail', '-c', script], {
    cwd: folder,
    env: {
      PATH: `${join(folder, 'bin')}${delimiter}${process.env['PATH']}`,
      HOME: folder,
      TEMPORAL_ADDRESS: cluster.address,
      TEMPORAL_TASK_QUEUE: cluster.taskQueue,
    },
  });
  return stdout;
}

test('takes a newcomer from nothing to a nightly import with backfill', async () => {
  const [tour = '', end = ''] = page.split('## Delete the schedules');
  const output = await run(blocksOf(tour));
  expect(output).toContain('nightly is created.');
  expect(output).toContain('nightly makes 3 firings, one after the other.');

  const { recent } = await untilFired(cluster.flows, 'nightly', 4);
  const runs = recent.map(({ workflowId, runId }) =>
    cluster.flows.temporal.workflow.getHandle(workflowId, runId),
  );
  const results = await Promise.all(runs.map((firing) => firing.result()));
  expect(results).toMatchObject([
    { status: 'imported', inputS3Uri: 's3://incoming/2026/01/01/' },
    { status: 'imported', inputS3Uri: 's3://incoming/2026/01/02/' },
    { status: 'imported', inputS3Uri: 's3://incoming/2026/01/03/' },
    { status: 'skipped', reason: 'nothing is there' },
  ]);
  expect(recent[0]?.workflowId).toBe('nightly-2026-01-02T01:00:00Z');
  const byTemporal = await cluster.flows.schedules.describe('by-temporal');
  const nightly = await cluster.flows.schedules.describe('nightly');
  expect(byTemporal.recurringImport.input).toEqual(nightly.recurringImport.input);

  expect(await run(blocksOf(end))).toContain('nightly is deleted.');
});
