/** The command line prints its whole output or says what it omits, and escapes control characters in data, such as a tab in a key. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { describeFleet } from '../src/cli/fleet-words.ts';
import { describeImport } from '../src/cli/outcome-words.ts';
import { localAws, putFiles, until, type LocalAwsUnderTest } from './local-aws/harness.ts';
import { cliEnvironment, program, runCli, runCliSlowly } from './support/cli.ts';
import { withCluster, type Cluster } from './support/cluster.ts';
import { fhirImportOf, polling, roleArn } from './support/inputs.ts';

let aws: LocalAwsUnderTest;
let cluster: Cluster;
let env: NodeJS.ProcessEnv;

/** An S3 key may have 1,024 bytes. A hundred of them exceed the 65,536 bytes of a pipe's buffer. */
const LONG = `${'x'.repeat(220)}/`.repeat(4);
const FILES = 130;

withCluster(localAws, async (...platform) => {
  [aws, cluster] = platform;
  env = cliEnvironment(cluster, aws.endpoint);
  const names = Array.from({ length: FILES }, (_, index) => `in/${LONG}${index}.txt`);
  await putFiles(aws.data, 'long', Object.fromEntries(names.map((name) => [name, 'not DICOM'])));
  await putFiles(aws.data, 'odd', {
    'in/tab\there.txt': 'not DICOM',
    'in/\u001B[2K\u009B1A\u202Egnp.txt': 'not DICOM',
    'in/line\nbreak.txt': 'not DICOM',
  });
  await Promise.all(['long', 'odd'].map(importOf));
});

/** An import that imports nothing, and so fails with its whole result in the details. */
async function importOf(bucket: string): Promise<void> {
  const input = {
    datastoreName: bucket,
    dataAccessRoleArn: roleArn,
    inputS3Uri: `s3://${bucket}/in/`,
    outputS3Uri: `s3://${bucket}/out/`,
    listFailedFiles: 100,
    polling,
  };
  const run = await cluster.flows.start('onboardDatastoreAndImport', input, { workflowId: bucket });
  await run.result().catch(() => undefined);
}

const cli = (...args: string[]) => runCli(args, env);
const slowly = (...args: string[]) => runCliSlowly(args, env);

describe('is complete however slowly it is read', () => {
  test.each(['result', 'watch'])('%s --json of a run that has failed', async (command) => {
    const { code, stdout, stderr } = await slowly(command, 'long', '--json');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^NothingImported/);
    expect(stdout.length).toBeGreaterThan(65_536);
    const [last = ''] = stdout.trim().split('\n').slice(-1);
    expect(Object.keys(JSON.parse(last) as object)).toEqual(['failure']);
  });

  test.each([
    [['failures', 'long', '--json'], FILES],
    [['failures', 'long', '--json', '--limit', '120'], 120],
  ])('%j', async (args, count) => {
    const { code, stdout } = await slowly(...args);
    const failures = JSON.parse(stdout) as unknown[];
    expect([code, failures.length]).toEqual([0, count]);
  });

  test('failures --limit all, as a table', async () => {
    const { code, stdout } = await slowly('failures', 'long', '--limit', 'all');
    expect([code, stdout.split('.txt ').length - 1]).toEqual([0, FILES]);
  });

  test('and a reader that closes the pipe ends the command without an error message', async () => {
    const script = `"$@" | head -c 10`;
    const { stderr } = await new Promise<{ stderr: string }>((resolve) => {
      const args = ['-c', script, 'sh', process.execPath, 'dist/src/cli.js', 'failures', 'long', '--json'];
      execFile('sh', args, { env }, (_, _stdout, stderr) => resolve({ stderr }));
    });
    expect(stderr).toBe('');
  });
});

describe('says what it omits, and how to see it', () => {
  test('failures', async () => {
    const { stdout } = await cli('failures', 'long');
    expect(stdout.match(/\.txt /g)).toHaveLength(100);
    expect(stdout).toMatch(
      /\n100 of 130 are shown\. To list all: aws-health-workflows failures long --limit all\n$/,
    );
    expect((await cli('failures', 'long', '--limit', '200')).stdout).not.toContain('are shown');
  });

  test('list', async () => {
    const { stdout } = await cli('list', '--all', '--limit', '1');
    expect(stdout).toMatch(/\nOnly the newest 1 are shown\. To list all: .* list --all --limit all\n$/);
    expect((await cli('list', '--all', '--limit', '2')).stdout).not.toContain('are shown');
    expect(JSON.parse((await cli('list', '--all', '--json')).stdout)).toHaveLength(2);
  });
});

test('an import that finds no files says so, because a mistyped folder looks like an empty one', () => {
  const counts = { scanned: 0, imported: 0, customerErrors: 0, serverErrors: 0 };
  expect(describeImport({ outcome: 'none', counts })).toContain("There are no files at the input's S3 URI.");
  expect(describeImport({ outcome: 'none', counts: { ...counts, scanned: 1 } })).not.toContain('no files');
});

test('a fleet is described by its files and its jobs', () => {
  const imports = { planned: 9, complete: 6, partial: 0, none: 1, failed: 0, unknown: 0, left: 2 };
  const files = { planned: 37, imported: 36, failed: 1 };
  const fleet = { outcome: 'partial', imports, files, hours: 0.5, cannot: {}, plan: { uri: '' } };
  expect(describeFleet({ import: { result: fleet } })).toBe(
    'Outcome: partial. 36 files were imported, and 1 was not. ' +
      'Of 9 jobs 6 are complete, 1 has imported nothing, 2 were not started.',
  );
  expect(describeFleet({ ...fleet, outcome: 'planned', cannot: { archived: { files: 2, bytes: 9 } } })).toBe(
    'Planned: 9 jobs for 37 files. To start them takes 30 minutes at the configured rate. ' +
      'Files that cannot be imported: 2 archived.',
  );
  expect(describeFleet({ ...fleet, imports: { ...imports, planned: 0 } })).toBe(
    'There are no files to import.',
  );
  expect(describeFleet({ ...fleet, staged: { imports: 1, files: 3, bytes: 9, copiesLeft: 3 } })).toContain(
    'S3 has refused to remove copies from the staging folder: 3.',
  );
  expect(describeFleet({ outcome: 'partial', counts: {} })).toBeUndefined();
});

test('escapes control characters, and prints all rows', async () => {
  const { code, stdout } = await cli('failures', 'odd');
  expect(code).toBe(0);
  expect(stdout.split('\n')).toHaveLength(5);
  expect(stdout).toContain(String.raw`tab\there.txt`);
  expect(stdout).toContain(String.raw`line\nbreak.txt`);
  expect(stdout).toContain(String.raw`\u001b[2K\u009b1A\u202egnp.txt`);
});

test('ends when a reader such as head closes its stdout or stderr', async () => {
  // No worker polls that task queue, so the run stays open until it is terminated.
  const run = await cluster.flows.temporal.workflow.start('provisionDatastore', {
    taskQueue: 'nobody',
    workflowId: 'unread',
    args: [{ datastoreName: 'unread' }],
  });
  const script = '"$@" 2>&1 | (head -n 1; exec 0<&-; echo nobody reads); exit ${PIPESTATUS[0]}';
  const args = ['--norc', '-c', script, 'bash', process.execPath, program, 'watch', 'unread'];
  const watch = spawn('bash', args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = once(watch, 'close');
  let said = '';
  watch.stdout.on('data', (data) => (said += String(data)));
  await until(
    () => Promise.resolve(said),
    (text) => text.includes('nobody reads'),
  );
  // The command writes again, although the pipe is closed.
  await run.terminate();
  expect(await closed).toEqual([0, null]);
});

test('times have a time zone', async () => {
  const { stdout } = await cli('list', '--all');
  expect(stdout).toMatch(/ FAILED +none +\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/);
});

describe('an error of S3 is one line, after the output before it', () => {
  test('failures', async () => {
    await aws.control.failNext({
      operation: 'GetObject',
      error: 'AccessDenied',
      message: 'Access \u202EDenied',
    });
    const { code, stderr } = await cli('failures', 'odd');
    expect([code, stderr]).toEqual([1, 'AWS answers AccessDenied: Access \\u202eDenied\n']);
  });
});

describe('cancel', () => {
  const start = (workflowId: string) =>
    cluster.flows.temporal.workflow.start('provisionDatastore', {
      taskQueue: 'nobody',
      workflowId,
      args: [{ datastoreName: workflowId }],
    });

  test('returns although no worker is alive', async () => {
    const run = await start('unserved');
    const { code, stdout } = await cli('cancel', 'unserved', '--wait', '0');
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/^Cancellation of .* is requested.*\nIt is still running\. If no worker/),
    ]);
    await run.terminate();
  });

  test('says that a closed run cannot be cancelled', async () => {
    const { code, stdout } = await cli('cancel', 'long');
    expect([code, stdout]).toEqual([0, 'long has already ended as FAILED. Nothing was cancelled.\n']);
    expect(JSON.parse((await cli('cancel', 'long', '--json')).stdout)).toMatchObject({
      cancelRequested: false,
    });
  });
});

// After the tests above, which count runs.
describe('many long lines are complete however slowly they are read', () => {
  const COUNT = 80;
  /** Temporal permits ids of 1,000 characters. */
  const ids = Array.from({ length: COUNT }, (_, index) => `${'y'.repeat(900)}${index}-`);

  test('list', async () => {
    const { workflow } = cluster.flows.temporal;
    await Promise.all(
      ids.map(async (workflowId) => {
        const run = await workflow.start('provisionDatastore', { taskQueue: 'nobody', workflowId });
        await run.terminate();
      }),
    );
    await until(
      () => cluster.flows.list({ all: true, limit: 1_000 }),
      (runs) =>
        runs.filter(({ workflowId, status }) => ids.includes(workflowId) && status !== 'RUNNING').length ===
        COUNT,
    );
    const { code, stdout } = await slowly('list', '--all', '--limit', 'all');
    expect([code, ids.filter((id) => !stdout.includes(id))]).toEqual([0, []]);
  });

  test('schedule list --json', async () => {
    const recurring = { flow: 'startImportAndWaitCompleted', cron: '@yearly' } as const;
    const input = fhirImportOf('d'.repeat(32), 'many');
    await Promise.all(ids.map((id) => cluster.flows.schedules.ensure(id, { ...recurring, input })));
    await until(
      () => cluster.flows.schedules.list(),
      (schedules) => schedules.length === COUNT,
    );
    const { code, stdout } = await slowly('schedule', 'list', '--json');
    expect([code, (JSON.parse(stdout) as unknown[]).length]).toEqual([0, COUNT]);
    expect(stdout.length).toBeGreaterThan(65_536);
  });

  test('start with a long input', async () => {
    const series = Object.fromEntries(ids.map((id) => [id, {}]));
    const attributes = JSON.stringify({ SchemaVersion: '1.1', Study: { Series: series } });
    const flags = ['--datastore-id', 'd'.repeat(32), '--source-image-set-id', 'a'.repeat(32)];
    const { code, stdout } = await slowly(
      'start',
      'copyImageSet',
      ...flags,
      '--copiable-attributes',
      attributes,
    );
    expect([code, stdout.includes(ids.at(-1) ?? '')]).toEqual([0, true]);
    expect(stdout).toMatch(/\nFollow it .* watch copy-image-set-\w+\n$/);
  });
});
