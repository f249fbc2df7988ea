/** Missing, invalid, empty and huge flags of `npm run dev`, `demo` and `local-aws` print one line, exit with 1, and start nothing. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { readFlags } from '../../local-aws/flags.ts';
import { Command } from './command.ts';

const LOCAL_AWS_COMMAND = 'src/cli.js local-aws';
const dist = join(import.meta.dirname, '../../dist');
const folder = mkdtempSync(join(tmpdir(), 'dev-flags-'));
afterAll(() => rmSync(folder, { recursive: true }));
writeFileSync(join(folder, 'file'), '');

/** Runs a program that ends by itself. SIGKILL ends one that hangs: Node's recursive `mkdir` of `/proc/x` ignores other signals. */
function run(program: string, args: readonly string[]) {
  const [script = '', ...command] = program.split(' ');
  const env = { ...process.env, TEMPORAL_ADDRESS: undefined };
  return spawnSync(process.execPath, [join(dist, script), ...command, ...args], {
    cwd: folder,
    env,
    encoding: 'utf8',
    timeout: 20_000,
    killSignal: 'SIGKILL',
  });
}

/**
 * The same for `local-aws`. It prints the error of `readFlags`, so flags that `readFlags` rejects need no process each, which
 * would take half a second. All others run in a process.
 */
function runLocalAws(args: readonly string[]) {
  try {
    readFlags(args);
  } catch (error) {
    return { status: 1, stdout: '', stderr: `local-aws: ${error instanceof Error ? error.message : ''}` };
  }
  return run(LOCAL_AWS_COMMAND, args);
}

type Row = readonly [args: readonly string[], said: RegExp];

const HUGE = 'x'.repeat(20_000);

/** Paths where no data folder can be created. `/proc` exists on Linux only. */
const FOLDERS: readonly Row[] = [
  [['--data', HUGE], /^The data folder x+ cannot be used \(ENAMETOOLONG.*Choose another by --data\.$/],
  [['--data', 'file'], /^The data folder .*file cannot be used \(EEXIST/],
  [['--data', 'file/data'], /^The data folder .* cannot be used \(ENOTDIR/],
  ...(existsSync('/proc/self')
    ? ([[['--data', '/proc/x'], /^The data folder \/proc\/x cannot be used \(ENOENT/]] satisfies Row[])
    : []),
];

const server = (usage: RegExp): Row[] => [
  [['--server'], usage],
  [['--server', ''], usage],
  [['--server='], usage],
  [['--server', 'banana'], usage],
  [['--server', HUGE], usage],
  [['--server', 'existing', '--server', 'existing'], /^--server is given more than once/],
];

const switches = (flags: readonly string[], usage: RegExp): Row[] =>
  flags.flatMap((flag): Row[] => [
    [[`${flag}=1`], usage],
    [[`${flag}=`], usage],
    [[flag, 'banana'], usage],
    [[flag, flag], /is given more than once/],
  ]);

const DEV =
  /is not right here\. It goes: npm run dev -- \[--data DIR\] \[--server existing\] \[--viewer\] \[--encrypted\]$/;
const DEMO = /is not right here\. It goes: npm run demo -- \[--json\] \[--keep\] \[--server existing\]$/;
const LOCAL_AWS = /local-aws --port 4566 --data DIR/;

const PROGRAMS: Readonly<Record<string, readonly Row[]>> = {
  'dev/dev.js': [
    [['--data'], DEV],
    [['--data', ''], DEV],
    [['--data='], DEV],
    [['--data', 'a', '--data', 'b'], /^--data is given more than once/],
    ...FOLDERS.map(([args, said]): Row => [args, new RegExp(said.source.replace('folder x', 'folder .*/x'))]),
    ...server(DEV),
    ...switches(['--viewer', '--encrypted'], DEV),
    [['--port', '1'], DEV],
    [['-d', 'x'], DEV],
    [['stray'], DEV],
    [[''], DEV],
  ],
  'dev/demo.js': [
    ...switches(['--json', '--keep'], DEMO),
    ...server(DEMO),
    [['--data', 'x'], DEMO],
    [['stray'], DEMO],
  ],
  [LOCAL_AWS_COMMAND]: [
    ...['--data', '--port', '--host', '--set'].flatMap((flag): Row[] => [
      [[...(flag === '--data' ? [] : ['--data', 'x']), flag], LOCAL_AWS],
    ]),
    [[], /--data is missing/],
    [['--data', ''], /--data is missing/],
    ...FOLDERS.map(([args, said]): Row => [args, new RegExp(said.source.replace('^', '^local-aws: '))]),
    ...['', 'http', '-1', '1.5', '65536', '9'.repeat(400)].map((port): Row => [
      ['--data', 'x', `--port=${port}`],
      /--port must be a number from 0 to 65535/,
    ]),
    [['--data', 'x', '--host', ''], /--host must not be empty/],
    [['--data', 'x', '--port', '0', '--host', HUGE], /getaddrinfo/],
    [['--data', 'x', '--port', '0', '--host', 'no-such-host.invalid'], /ENOTFOUND|EAI_AGAIN/],
    [['--data', 'x', '--port', '0', '--host', '192.0.2.1'], /EADDRNOTAVAIL/],
    ...['', 'copyMs', '=5', HUGE].map((pair): Row => [
      ['--data', 'x', '--set', pair],
      /--set must be name=value, such as copyMs=50/,
    ]),
    [['--data', 'x', '--set', 'copyMs='], /copyMs must be a number of milliseconds, or never/],
    [['--data', 'x', '--set', `copyMs=${'9'.repeat(400)}`], /copyMs must be a number/],
    [['--data', 'x', '--set', 'copyMs=-1'], /copyMs must be a number/],
    [['--data', 'x', '--set', 'emptyInput=banana'], /emptyInput must be one of/],
    [['--data', 'x', '--set', `${HUGE}=1`], /there is no setting/],
    ...['--memory', '--fast', '--json', '--help'].map((flag): Row => [[`${flag}=1`], LOCAL_AWS]),
    [['--memory', '--memory'], /--memory is given more than once/],
    [['--port', '1', '--port', '2'], /--port is given more than once/],
    [['--memory', '--data', 'x'], /--memory keeps nothing on disk, so it does not go with --data/],
    [['--memory', '--load'], LOCAL_AWS],
    [['--memory', '--load='], /--load must be the folder of a saved state/],
    ...['file/x', '.', HUGE].map((load): Row => [
      ['--memory', '--port', '0', '--load', load],
      /There is no saved state in .*\. --load takes a folder that/,
    ]),
    [['--memory', '--seed'], LOCAL_AWS],
    [['--memory', '--seed', '-1'], LOCAL_AWS],
    ...['', '1.5', '9'.repeat(400)].map((seed): Row => [
      ['--memory', `--seed=${seed}`],
      /--seed must be a whole number from 0 on/,
    ]),
    [['--data', 'x', 'stray'], LOCAL_AWS],
  ],
  'src/cli.js worker': [[['--task-queue', 'x'], /^Not known here: --task-queue/]],
};

const shortened = (text: string) => text.slice(0, 300);

test.each(Object.entries(PROGRAMS))('%s', (script, rows) => {
  const complaints = rows.flatMap(([args, said]) => {
    const { status, stdout, stderr } = script === LOCAL_AWS_COMMAND ? runLocalAws(args) : run(script, args);
    const [line = '', ...more] = stderr.trimEnd().split('\n');
    const isRight = status === 1 && stdout === '' && said.test(line) && more.length === 0;
    return isRight
      ? []
      : [`${shortened(args.join(' '))} → ${status}, not ${said}: ${shortened(stdout + stderr)}`];
  });
  expect(complaints).toEqual([]);
  // No program has created a data folder or a log.
  expect(readdirSync(folder).filter((name) => name !== 'file' && name !== 'x')).toEqual([]);
});

test.each(['dev/dev.js', 'dev/demo.js'])('%s --help says how it goes', (script) => {
  const { status, stdout } = run(script, ['--help']);
  expect([status, stdout]).toEqual([0, expect.stringMatching(/^npm run \w+ -- \[--/)]);
});

test.each(['dev/dev.js', 'dev/demo.js', LOCAL_AWS_COMMAND])(
  '%s: each flag of its help is in the table',
  (script) => {
    const { status, stdout } = run(script, ['--help']);
    const flags = new Set(stdout.match(/--[a-z]+/g));
    expect([status, flags.size]).toEqual([0, expect.any(Number)]);
    expect(flags.size).toBeGreaterThan(2);
    const tried = PROGRAMS[script]?.flatMap(([args]) => args.map((word) => word.split('=')[0] ?? '')) ?? [];
    expect([...flags].filter((flag) => !tried.includes(flag))).toEqual([]);
  },
);

test('local-aws prints the error of a wrong flag in one line', () => {
  const { status, stdout, stderr } = run(LOCAL_AWS_COMMAND, ['--memory', '--port=http']);
  const said = 'local-aws: --port must be a number from 0 to 65535\n';
  expect({ status, stdout, stderr }).toEqual({ status: 1, stdout: '', stderr: said });
});

test('local-aws --help describes every flag that it accepts', () => {
  const [long, short] = ['--help', '-h'].map((flag) => run(LOCAL_AWS_COMMAND, [flag]));
  expect([short?.status, short?.stdout]).toEqual([0, long?.stdout]);
  for (const flag of ['data', 'memory', 'load', 'port', 'host', 'fast', 'seed', 'set', 'json', 'help']) {
    expect(long?.stdout).toMatch(new RegExp(`^  --${flag} `, 'm'));
  }
});

test('local-aws --memory --port 0 --json prints one line of JSON, and leaves nothing behind', async () => {
  const command = new Command('src/cli.js', ['local-aws', '--memory', '--port', '0', '--json', '--fast']);
  await command.writes(/\n/);
  const { endpoint, s3Folder }: { endpoint: string; s3Folder: string } = JSON.parse(command.stdout);
  const health = await fetch(`${endpoint}/_local/health`);
  expect([await health.json(), existsSync(s3Folder)]).toEqual([{ status: 'running' }, true]);
  command.interrupt();
  expect(await command.exited).toBe(0);
  expect(command.stdout.trimEnd().split('\n')).toHaveLength(1);
  expect([command.stderr, existsSync(dirname(s3Folder))]).toEqual(['', false]);
});
