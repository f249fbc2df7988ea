/** The built command line program against a running Temporal server, worker and local AWS. */
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { localAws, putFiles, until, type LocalAwsUnderTest } from './local-aws/harness.ts';
import { cliEnvironment, program, runCli, runCliInTurn, type Ended } from './support/cli.ts';
import { required, withCluster, type Cluster } from './support/cluster.ts';
import { fhirImportOf, polling, roleArn } from './support/inputs.ts';
import { untilFired } from './support/schedules.ts';

let aws: LocalAwsUnderTest;
let cluster: Cluster;
let DatastoreId: string;
let environment: NodeJS.ProcessEnv;
const folder = mkdtempSync(join(tmpdir(), 'cli-test-'));

withCluster(localAws, (...platform) => ([aws, cluster] = platform));
beforeAll(async () => {
  ({ DatastoreId = '' } = await aws.healthlake.createFHIRDatastore({ DatastoreTypeVersion: 'R4' }));
  environment = cliEnvironment(cluster, aws.endpoint);
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => aws.control.settings({ fhirImportMs: 0 }));

/** Runs the program with `input` as its stdin. */
const cli = (args: readonly string[], env: NodeJS.ProcessEnv = {}, input = '') =>
  runCliInTurn(args, { ...environment, ...env }, input);

async function json<Value>(...args: string[]): Promise<Value> {
  const { code, stdout, stderr } = await cli([...args, '--json']);
  if (code !== 0) throw new Error(`${args.join(' ')}:\n${stdout}\n${stderr}`);
  return JSON.parse(stdout) as Value;
}

const importInput = (bucket: string) => fhirImportOf(DatastoreId, bucket);

const putPatients = (bucket: string) =>
  putFiles(aws.data, bucket, {
    'in/Patient.ndjson': '{"resourceType":"Patient","id":"p1"}\n{"resourceType":"Patient"}\n',
  });

/** Writes an input to a JSON file. */
function inputFile(name: string, input: object): string {
  const file = join(folder, `${name}.json`);
  writeFileSync(file, JSON.stringify(input));
  return file;
}

describe('an import', () => {
  let workflowId: string;

  test('starts with flags, and the temporal command that it prints starts the same run', async () => {
    await putPatients('by-flags');
    const flags = Object.entries({
      'datastore-id': DatastoreId,
      'input-s3-uri': 's3://by-flags/in/',
      'output-s3-uri': 's3://fhir-results/',
      'output-kms-key-id': 'alias/key',
      'data-access-role-arn': roleArn,
      'list-failed-files': '0',
      polling: JSON.stringify(polling),
    }).map(([flag, value]) => `--${flag}=${value}`);
    const { code, stdout } = await cli(['start', 'start-import-and-wait-completed', ...flags]);
    expect(code).toBe(0);
    const [, id = ''] = /Started (\S+)/.exec(stdout) ?? [];
    const [, command = ''] = /The same +(temporal .*)/.exec(stdout) ?? [];
    expect(stdout).toMatch(/Web UI +http:\/\/127\.0\.0\.1:\d+\/namespaces\/default\/workflows\/start-import/);
    workflowId = id;

    const other = command
      .replace(/^temporal/, `"${required('AHW_TEST_TEMPORAL')}"`)
      .replace(id, 'by-temporal')
      .concat(` --address ${cluster.address}`);
    await new Promise((resolve) => execFile('sh', ['-c', other], resolve));
    expect(await cluster.flows.result('by-temporal')).toMatchObject({ outcome: 'partial' });
  });

  test('has a result, and failures are read from S3', async () => {
    expect(await json('result', workflowId)).toMatchObject({ outcome: 'partial', failures: { listed: [] } });
    expect(await json('failures', workflowId)).toMatchObject([
      { file: 'Patient.ndjson', line: 2, reason: 'processing' },
    ]);
    const { stdout } = await cli(['failures', workflowId]);
    expect(stdout).toMatch(/^FILE +LINE +REASON +MESSAGE\nPatient\.ndjson +2 +processing/);
  });

  test('has a record of who started it, and of the request that started its job', async () => {
    const who = expect.stringMatching(/^aws-health-workflows:.+@.+$/) as string;
    const requestId = expect.stringMatching(/^[0-9a-f-]{36}$/) as string;
    expect(await json('record', workflowId)).toEqual([
      { time: expect.any(String) as string, workflowId, what: 'started', who },
      expect.objectContaining({ what: 'called', name: 'startFHIRImportJob', requestId }),
    ]);
    const [started] = await json<{ who: string }[]>('record', 'by-temporal', '--limit', '1');
    expect(started?.who).toMatch(/.@./);
    const { stdout } = await cli(['record', workflowId]);
    expect(stdout).toMatch(
      /^TIME +WHAT +WHO +AWS REQUEST.*\n\S+Z +started +aws-health.*\n\S+Z +called startFHIR/,
    );
  });

  test('shows the files that were imported with a warning', async () => {
    const patient = { resourceType: 'Patient', id: 'odd', birthDate: '1.2.1970' };
    await putFiles(aws.data, 'warned', { 'in/Patient.ndjson': JSON.stringify(patient) });
    const input = { ...importInput('warned'), ValidationLevel: 'minimal' };
    const file = inputFile('warned', input);
    await cli(['start', 'startImportAndWaitCompleted', '--input', file, '--id', 'warned', '--watch']);
    expect(await json('failures', 'warned')).toMatchObject([
      { file: 'Patient.ndjson', line: 1, type: 'SearchValidationFailure' },
    ]);
    const { stdout } = await cli(['failures', 'warned']);
    expect(stdout).toMatch(
      /^The import lists no failed file\.\n\nImported with a warning:\nFILE +LINE +WARNING/,
    );
  });

  test('starts from a file or from stdin, and is followed until it has closed', async () => {
    await putPatients('watched');
    await aws.control.settings({ fhirImportMs: 1_200 });
    const file = inputFile('watched', importInput('watched'));
    const watched = await cli(['start', 'startImportAndWaitCompleted', '--input', file, '--watch']);
    expect(watched).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(
        'Outcome: partial. 1 of 2 resources were imported. Not imported: 1 × processing.\n',
      ),
    });
    expect(watched.stdout).not.toContain('"outcome"');
    expect(watched.stderr).toMatch(/⚠ .* · COMPLETED_WITH_ERRORS/);
    // Temporal's own status of the run, which the Web UI shows, is COMPLETED.
    const partial = await until(
      () => json<{ outcome?: string }[]>('list', '--all'),
      (runs) => runs.some(({ outcome }) => outcome === 'partial'),
    );
    expect(partial).toContainEqual(expect.objectContaining({ status: 'COMPLETED', outcome: 'partial' }));
    expect((await cli(['list', '--all'])).stdout).toMatch(
      / STATUS +OUTCOME .*\n(.*\n)*.* COMPLETED +partial /,
    );

    const args = ['start', 'startImportAndWaitCompleted', '--input', '-', '--id', 'from-stdin', '--json'];
    const { stdout } = await cli(args, {}, JSON.stringify(importInput('watched')));
    expect(JSON.parse(stdout)).toMatchObject({ workflowId: 'from-stdin' });
    const lines = (await cli(['watch', 'from-stdin', '--json'])).stdout.trim().split('\n');
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ outcome: 'partial' });
  });

  test('is listed with its progress, and cancelled', async () => {
    await putPatients('cancelled');
    await aws.control.settings({ fhirImportMs: 'never' });
    const run = await cluster.flows.start('startImportAndWaitCompleted', importInput('cancelled'));
    const { ids } = await until(
      () => cluster.flows.progress(run.workflowId).catch(() => ({ ids: {} as Record<string, string> })),
      (progress) => progress.ids['jobId'] !== undefined,
    );
    const listed = await until(
      () => json<{ workflowId: string }[]>('list'),
      (runs) => runs.length > 0,
    );
    expect(listed).toMatchObject([{ workflowId: run.workflowId, progress: { step: 'pollImportJob' } }]);
    expect((await cli(['list'])).stdout).toMatch(/^WORKFLOW ID .*\nstart-import.* RUNNING .*pollImportJob/);
    expect(await json('cancel', run.workflowId)).toMatchObject({
      status: 'CANCELLED',
      memo: { awsJobId: ids['jobId'], stillRunning: true },
    });
    const record = await json<object[]>('record', run.workflowId);
    const who = expect.stringMatching(/^aws-health-workflows:/) as string;
    expect(record).toContainEqual(expect.objectContaining({ what: 'cancelRequested', who }));
    await aws.control.settle({ kind: 'fhirImportJob', id: ids['jobId'] ?? '' });
  });

  test('is listed even if no worker polls its task queue', async () => {
    const stray = { taskQueue: 'nobody', workflowId: 'stray', args: [importInput('stray')] };
    const run = await cluster.flows.temporal.workflow.start('startImportAndWaitCompleted', stray);
    const listed = await until(
      () => cli(['list']),
      ({ stdout }) => stdout.includes('stray'),
    );
    expect(listed.stdout).toMatch(/stray .* RUNNING .* no worker has answered/);
    const watching = cli(['watch', 'stray']);
    await run.terminate();
    expect((await watching).stderr).toContain('waiting for a worker');
  });

  test('with a given workflow id is not confused with another run of that id', async () => {
    // The run stays open because no worker polls its task queue.
    const start = (...args: string[]) =>
      cli(['start', ...args, '--id', 'mine'], { TEMPORAL_TASK_QUEUE: 'nobody' });
    expect(await start('provisionDatastore', '--datastore-name', 'one')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^Started mine\n/),
    });
    expect(await start('provisionDatastore', '--datastore-name', 'one')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^mine is already running\. Nothing was started\.\n/),
    });
    const another = {
      code: 1,
      stderr: expect.stringContaining('mine is the id of an open run of another flow'),
    };
    expect(await start('provisionDatastore', '--datastore-name', 'two')).toMatchObject(another);
    expect(await start('deleteFhirDatastoreAndConfirm', '--datastore-id', DatastoreId)).toMatchObject(
      another,
    );
    await cluster.flows.temporal.workflow.getHandle('mine').terminate();
  });

  test('is not started if the input file is a folder', async () => {
    const { code, stderr } = await cli(['start', 'provisionDatastore', '--input', folder]);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^--input .*: this is a folder/)]);
  });

  test('takes its input from a pipe, as bash passes it for --input <(command)', async () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const [{ code, stderr }] = await Promise.all([
      cli(['start', 'provisionDatastore', '--input', pipe]),
      writeFile(pipe, '{"datastoreNam": "x"}'),
    ]);
    expect([code, stderr]).toEqual([1, expect.stringContaining('did you mean datastoreName?')]);
  });

  test('is not started if the input is JSON and not the path of a file; the JSON is not repeated', async () => {
    const { code, stderr } = await cli(['start', 'provisionDatastore', '--input', '{"datastoreName": "x"}']);
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^--input takes the path of a JSON file, or - /),
    ]);
    expect(stderr).not.toContain('datastoreName');
  });

  test('that AWS has rejected shows the message as that of AWS', async () => {
    await aws.control.failNext({
      operation: 'CreateDatastore',
      error: 'ValidationException',
      message: 'It is too late for that.',
    });
    const options = { workflowId: 'rejected' };
    await cluster.flows.execute('provisionDatastore', { datastoreName: 'x' }, options).catch(() => {});
    expect(await cli(['result', 'rejected'])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^ValidationException: createDatastore: .*\nAWS says: It is too late for that\./,
      ),
    });
  });

  test('that has failed prints the failure and exits with an error', async () => {
    await putPatients('failed');
    await aws.control.failOutcome({ operation: 'StartFHIRImportJob', message: 'as planted' });
    await cluster.flows.start('startImportAndWaitCompleted', importInput('failed'), { workflowId: 'failed' });
    const { code, stdout, stderr } = await cli(['result', 'failed', '--json']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^ImportJobFailed: pollImportJob.*\nAWS says: as planted$/m);
    expect(JSON.parse(stdout)).toMatchObject({
      failure: { type: 'ImportJobFailed', details: { step: 'pollImportJob', awsMessage: 'as planted' } },
    });
    expect((await cli(['watch', 'failed'])).stderr).toContain('✖ pollImportJob · FAILED');
  });
});

test('a recurring import is created, changed, triggered, backfilled, paused and deleted', async () => {
  await putPatients('nightly');
  const file = inputFile('nightly', importInput('nightly'));
  const ensure = ['schedule', 'ensure', 'startImportAndWaitCompleted', 'nightly', '--input', file];
  expect(await json(...ensure, '--cron', '0 2 * * *')).toMatchObject({ outcome: 'created' });
  const changed = await json(...ensure, '--cron', '0 3 * * *', '--offset', '-1 day', '--only-new');
  expect(changed).toMatchObject({ outcome: 'updated', changed: ['cron', 'offset', 'onlyNew'] });

  await json('schedule', 'trigger', 'nightly');
  const { recent } = await untilFired(cluster.flows, 'nightly', 1);
  const [firing] = recent;
  expect(await json('result', firing?.workflowId ?? '')).toMatchObject({ status: 'imported' });
  expect(await json('failures', firing?.workflowId ?? '')).toHaveLength(1);
  // The record of a firing goes on with that of the import that it has started.
  const record = await json<{ what: string; who: string }[]>('record', firing?.workflowId ?? '');
  expect(record.map(({ what }) => what)).toEqual(['started', 'started', 'called']);
  expect(record.map(({ who }) => who)).toContain(firing?.workflowId);
  const range = ['--from', '2026-01-01', '--to', '2026-01-03T03:00:00'];
  expect(await json('schedule', 'backfill', 'nightly', ...range)).toMatchObject({ firings: 3 });
  const { stdout } = await cli(['schedule', 'describe', 'nightly']);
  expect(stdout).toMatch(/\njitter +1 minute\n.*\ncatchupWindow 1 hour\n/s);

  await json('schedule', 'pause', 'nightly', '--note', 'maintenance');
  expect((await cli(['schedule', 'describe', 'nightly'])).stdout).toMatch(/state +paused \(maintenance\)/);
  await json('schedule', 'resume', 'nightly');
  expect(await json('schedule', 'list')).toMatchObject([{ scheduleId: 'nightly' }]);
  expect((await cli(['schedule', 'delete', 'nightly'])).stdout).toMatch(
    /temporal schedule delete --schedule-id nightly/,
  );
});

test('a backfill of a mistyped year needs a confirmation, and a backfill in progress can be stopped', async () => {
  const file = inputFile('asked', importInput('asked'));
  const ensure = ['schedule', 'ensure', 'startImportAndWaitCompleted', 'asked', '--input', file];
  await json(...ensure, '--cron', '0 2 * * *');
  await putPatients('asked');
  await aws.control.settings({ fhirImportMs: 'never' });
  const backfill = ['schedule', 'backfill', 'asked', '--from', '2020-01-01', '--to', '2026-01-01'];
  const asked = await cli(backfill);
  expect([asked.code, asked.stdout]).toEqual([1, '']);
  expect(asked.stderr).toMatch(
    /^This starts 2192 firings of asked, one after the other, from 2020-01-01T02:0.* to 2025-12-31T02:0.*--yes.*\n$/,
  );
  expect(await cluster.flows.schedules.describe('asked')).toMatchObject({ counts: { fired: 0 }, waiting: 0 });

  expect(await json(...backfill, '--yes')).toMatchObject({ firings: 2192 });
  const { running } = await until(
    () => cluster.flows.schedules.describe('asked'),
    (status) => status.running.length > 0 && status.waiting > 0,
  );
  expect((await cli(['schedule', 'pause', 'asked'])).stdout).toMatch(
    /^asked is paused\..*\nRunning +asked-2020-.*\nAt least \d+ firings .*are waiting.*\nTo drop them: .*stop-backfill asked\n$/s,
  );
  expect((await cli(['schedule', 'stop-backfill', 'asked'])).stdout).toMatch(
    /^\d+ waiting firings of asked are dropped.*\nRunning +asked-2020-.*\nTo cancel it: .* cancel asked-2020-/,
  );
  const stopped = await json('schedule', 'stop-backfill', 'asked');
  expect(stopped).toEqual({ scheduleId: 'asked', dropped: 0, running });
  await cluster.flows.schedules.delete('asked');
});

describe('a mistake prints one line that says what is right', () => {
  const start = ['start', 'copyImageSet'];
  const mistakes: [string, string[], RegExp][] = [
    ['a command', ['strat'], /Did you mean start\?/],
    ['a flow', ['start', 'copyImageSets'], /Did you mean copyImageSet\?/],
    [
      'flags',
      [...start, '--froce', '--datastore-id', 'x'],
      /--source-image-set-id is missing.*--froce is not known here \(did you mean --force\?\).*--datastore-id must match/,
    ],
    [
      'none of several flags',
      ['start', 'updateImageSetMetadata', '--datastore-id', '1'.repeat(32), '--image-set-id', '2'.repeat(32)],
      /--updatable-attributes is missing, or --removable-attributes or --revert-to-version-id or --next-token\./,
    ],
    [
      'a member of a file',
      [...start, '--input', inputFile('bad', { sourceImageSetId: 'x' })],
      /: datastoreId is missing/,
    ],
    [
      'a flow that does not recur',
      ['schedule', 'ensure', 'copyImageSet', 'x', '--cron', '@daily', '--input', 'y'],
      /^copyImageSet is not an import\. Flows that can recur: .*importDicomAndSearch/,
    ],
    [
      'a template',
      [
        'schedule',
        'ensure',
        'importDicomAndSearch',
        'x',
        '--cron',
        '@daily',
        '--input-s3-uri',
        's3://b-b/{day}/',
      ],
      /--input-s3-uri holds a brace that is not part of \{yyyy\}/,
    ],
  ];
  let ended: Ended[];
  beforeAll(async () => {
    ended = await Promise.all(mistakes.map(([, args]) => cli(args)));
  });

  test.each(mistakes.map(([title, , line], index) => ({ title, line, index })))(
    '$title',
    ({ line, index }) => {
      expect(ended[index]).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(line) });
      expect(ended[index]?.stderr).not.toMatch(/\n\s+at /);
    },
  );

  test('no namespace', async () => {
    const { code, stderr } = await cli(['list'], { TEMPORAL_NAMESPACE: 'nope' });
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^There is no namespace nope at .*\n$/)]);
  });

  test('a flag without its value, in English whatever the language of the environment', async () => {
    const args = ['start', 'tagImageSet', '--datastore-id'];
    const { code, stderr } = await cli(args, { LC_ALL: 'de_DE.UTF-8' });
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^--datastore-id needs a value\..*\n$/)]);
  });

  test('run by npx: what it prints can be pasted', async () => {
    // npm sets this variable.
    const { stderr } = await runCli(['result', 'none'], { ...environment, npm_command: 'exec' });
    expect(stderr).toBe('There is no run none. To list open runs: npx aws-health-workflows list\n');
  });

  test('no server', async () => {
    const { code, stderr } = await cli(['list'], { TEMPORAL_ADDRESS: '127.0.0.1:1' });
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^No Temporal server at 127\.0\.0\.1:1/)]);
  });
});

describe('without a server, a region or a setting', () => {
  const alone = (...args: string[]) => runCliInTurn(args, { PATH: process.env['PATH'] });
  // `cli-flags.test.ts` asks every command for help.
  test('start -h helps', async () => {
    const { code, stdout, stderr } = await alone('start', '-h');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('aws-health-workflows start copyImageSet');
  });

  test('each flag of a flow has a description, its format and an example, the required ones first', async () => {
    const { stdout } = await alone('start', 'onboardDatastoreAndImport', '--help');
    const text = stdout.replaceAll(/\s+/g, ' ');
    expect(text).toMatch(
      /Input: --datastore-name the name of the new .*\(such as radiology\) \[required, unless --datastore-id\]/,
    );
    expect(text).toMatch(
      /--data-access-role-arn the role with which .* \(ARN of an IAM role, such as arn:aws:iam::/,
    );
    expect(text.lastIndexOf('[required')).toBeLessThan(text.indexOf('--tags'));
  });

  test('--version prints the version of the package', async () => {
    const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8'));
    expect(await runCli(['--version'], { PATH: process.env['PATH'] })).toEqual({
      code: 0,
      stdout: `${version}\n`,
      stderr: '',
    });
  });

  test('Tab completes commands, without a message about the missing server', async () => {
    const env = { TEMPORAL_ADDRESS: '127.0.0.1:1' };
    expect(await cli(['--complete-line', 'aws-health-workflows watch '], env)).toMatchObject({
      code: 0,
      stderr: '',
    });
  });
});

describe('Tab in bash', () => {
  /** The completions of bash at the end of each line, with `npx` and the program on PATH. */
  async function offered(lines: readonly string[]): Promise<string[][]> {
    const bin = mkdtempSync(join(folder, 'bin-'));
    const run = `exec "${process.execPath}" "${program}" "$@"`;
    writeFileSync(join(bin, 'aws-health-workflows'), `#!/bin/sh\n${run}\n`, { mode: 0o755 });
    writeFileSync(join(bin, 'npx'), `#!/bin/sh\n[ "$1" = --no ] || exit 1\nshift; exec "$@"\n`, {
      mode: 0o755,
    });
    const script = `
      source <(aws-health-workflows completion)
      for line in "$@"; do
        COMP_LINE="$line" COMP_POINT=\${#line}
        $(complete -p "\${line%% *}" | sed 's/.*-F \\([^ ]*\\).*/\\1/')
        echo "\${COMPREPLY[@]}"
      done`;
    const env = { ...environment, PATH: `${bin}${delimiter}${process.env['PATH']}` };
    const { stdout } = await promisify(execFile)('bash', ['--norc', '-c', script, 'bash', ...lines], { env });
    return stdout.split('\n').map((line) => line.split(' ').filter(Boolean));
  }

  beforeAll(async () => {
    const of = { taskQueue: 'nobody', args: [{ datastoreName: 'x' }] };
    for (const workflowId of ['tab-1', 'tab-2026-01-01T00:00:00Z'])
      await cluster.flows.temporal.workflow.start('provisionDatastore', { ...of, workflowId });
    await cluster.flows.schedules.ensure('tab-nightly', {
      flow: 'startImportAndWaitCompleted',
      input: importInput('tab'),
      cron: '@yearly',
    });
    await until(
      () => cluster.flows.list(),
      (runs) => runs.filter(({ workflowId }) => workflowId.startsWith('tab-')).length === 2,
    );
    await until(
      () => cluster.flows.schedules.list(),
      (schedules) => schedules.length > 0,
    );
  });
  afterAll(async () => {
    for (const workflowId of ['tab-1', 'tab-2026-01-01T00:00:00Z'])
      await cluster.flows.temporal.workflow.getHandle(workflowId).terminate();
    await cluster.flows.schedules.delete('tab-nightly');
  });

  const cases: [string, string[]][] = [
    ['aws-health-workflows sch', ['schedule']],
    ['aws-health-workflows start copy', ['copyImageSet']],
    ['aws-health-workflows start copyImageSet --sou', ['--source-image-set-id']],
    ['aws-health-workflows start tagImageSet --watc', ['--watch']],
    ['npx aws-health-workflows schedule ba', ['backfill']],
    ['npx aws-health-workflows schedule pause tab', ['tab-nightly']],
    ['aws-health-workflows watch tab-', ['tab-1', 'tab-2026-01-01T00:00:00Z']],
    // In bash a colon separates words, and a completion replaces only the last word.
    ['npx aws-health-workflows watch --json tab-2026-01-01T00:', ['00:00Z']],
    ['aws-health-workflows schedule ensure startImportAndWaitCompleted tab', ['tab-nightly']],
    ['npx another-program ', []],
  ];

  test('completes commands, flags and ids', async () => {
    const words = await offered(cases.map(([line]) => line));
    expect(cases.map(([line], index) => [line, words[index]?.toSorted()])).toEqual(cases);
  });
});
