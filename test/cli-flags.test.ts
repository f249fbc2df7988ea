/** Every flag of every command with a missing, invalid, empty or huge value prints one line, exits with 1, and has no effect. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { flagOf } from '../src/cli/flags.ts';
import { membersOf, scheduleMembers, type Member } from '../src/input-rules/members.ts';
import { RECURRING_FLOWS } from '../src/input-rules/recurring-import.ts';
import { WORKFLOW_NAMES } from '../src/input-rules/workflows.ts';
import { localAws, until } from './local-aws/harness.ts';
import { cliEnvironment, type Ended } from './support/cli.ts';
import { withCluster, type Cluster } from './support/cluster.ts';

let cluster: Cluster;
let env: NodeJS.ProcessEnv;
const folder = mkdtempSync(join(tmpdir(), 'cli-flags-'));

withCluster(localAws, async (aws, started) => {
  cluster = started;
  env = cliEnvironment(cluster, aws.endpoint);
  const of = { taskQueue: 'nobody', args: [{ datastoreName: 'x' }] };
  const run = await cluster.flows.temporal.workflow.start('provisionDatastore', {
    ...of,
    workflowId: 'ended',
  });
  await run.terminate();
  await cluster.flows.schedules.ensure('there', {
    flow: 'startImportAndWaitCompleted',
    input: {
      DatastoreId: 'd'.repeat(32),
      InputS3Uri: 's3://incoming/',
      OutputS3Uri: 's3://results/',
      OutputKmsKeyId: 'alias/key',
      DataAccessRoleArn: 'arn:aws:iam::123456789012:role/import',
    },
    cron: '@yearly',
  });
});
afterAll(() => rmSync(folder, { recursive: true }));

type Batch = (Ended & { args: string[] })[];

async function runAll(commandLines: readonly (readonly string[])[]): Promise<Batch> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'support/cli-batch.mjs')], {
    env,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(JSON.stringify(commandLines));
  const lines = (await text(child.stdout)).trim().split('\n');
  expect(lines).toHaveLength(commandLines.length);
  return lines.map((line) => JSON.parse(line));
}

/** A flag, and invalid values for it with the expected messages. */
type Case = readonly [words: readonly string[], said: RegExp];

const HUGE = 'x'.repeat(20_000);
const NO_VALUE = /Not enough arguments following: /;

/** The invalid values of a flag that takes free text. */
const ofText = (flag: string, wrong: readonly (readonly [string, RegExp])[] = []): Case[] => [
  [[`--${flag}`], NO_VALUE],
  [[`--${flag}`, ''], /must not be empty/],
  [[`--no-${flag}`], /must not be empty|Unknown argument/],
  [[`--${flag}`, 'a', `--${flag}`, 'b'], /is given more than once/],
  ...wrong.map(([value, said]): Case => [[`--${flag}`, value], said]),
];
const ofSwitch = (flag: string): Case[] => [
  [[`--${flag}=banana`], /takes no value, or is --.*=true or/],
  [[`--${flag}=`], /takes no value/],
];

const LIMIT = ofText('limit', [
  ['abc', /--limit must be a whole number, 1 or more, or all/],
  ['0', /--limit must be a whole number/],
  ['-1', /--limit must be a whole number/],
  ['1.5', /--limit must be a whole number/],
  ['1e3', /--limit must be a whole number/],
  ['9'.repeat(400), /--limit must be a whole number/],
]);
const WAIT = ofText('wait', [
  ['soon', /--wait must be a whole number, 0 or more/],
  ['-1', /--wait must be a whole number/],
  ['9'.repeat(400), /--wait must be a whole number/],
]);
const TIMES = (flag: string): Case[] =>
  ofText(flag, [
    ['soon', /must be a date or a time such as/],
    ['2026-02-31', /must be a date or a time/],
    ['2026-01-01T25:00:00Z', /must be a date or a time/],
    ['99999-01-01', /must be a date or a time/],
    [HUGE, /must be a date or a time/],
  ]);
const INPUT = ofText('input', [
  ['/none', /--input \/none: there is no such file/],
  [HUGE, /--input .*there is no such file/],
  [folder, /there is no such file/],
]);

/** Invalid ids, for a command that needs the id of something that exists. */
const ids = (said: RegExp): Case[] => [
  [[''], /The id must not be empty/],
  [['no-such'], said],
  [[HUGE], /too long|exceeds|There is no/i],
  [['no-such', 'another'], /Unknown argument: another/],
];

const ofRun = ids(/There is no run no-such/);
const ofSchedule = ids(/There is no schedule no-such/);

const COMMANDS: readonly (readonly [command: string, id: string | undefined, cases: readonly Case[]])[] = [
  ['list', undefined, [...LIMIT, ...ofSwitch('all'), ...ofSwitch('json')]],
  ['watch', 'ended', ofSwitch('json')],
  ['result', 'ended', ofSwitch('json')],
  ['cancel', 'ended', WAIT],
  ['failures', 'ended', LIMIT],
  [
    'replay',
    undefined,
    [...LIMIT, ...ofSwitch('json'), ...ofText('query', [['banana', /Temporal answers: invalid query/]])],
  ],
  ['schedule list', undefined, ofSwitch('json')],
  ['schedule describe', 'there', ofSwitch('json')],
  ['schedule pause', 'there', ofText('note')],
  ['schedule resume', 'there', ofText('note')],
  ['schedule trigger', 'there', ofSwitch('json')],
  ['schedule stop-backfill', 'there', ofSwitch('json')],
  ['schedule delete', 'there', ofSwitch('json')],
  ['doctor', undefined, [...ofText('role'), ...ofText('kms-key'), [['--bucket', ''], /must not be empty/]]],
];

const FROM = ['--from', '2026-01-01'];
const TO = ['--to', '2026-01-02'];

const words = (command: string, id: string | undefined, more: readonly string[]) => [
  ...command.split(' '),
  ...(id === undefined ? [] : [id]),
  ...more,
];

const TABLE: readonly Row[] = [
  ...COMMANDS.flatMap(([command, id, cases]) =>
    cases.map(([more, said]) => [words(command, id, more), said] as const),
  ),
  ...['watch', 'result', 'cancel', 'failures'].flatMap((command) => [
    [[command], /Not enough non-option arguments/] as const,
    ...ofRun.map(([more, said]) => [[command, ...more], said] as const),
  ]),
  ...['describe', 'pause', 'resume', 'trigger', 'stop-backfill', 'delete'].flatMap((verb) => [
    [['schedule', verb], /Not enough non-option arguments/] as const,
    ...ofSchedule.map(([more, said]) => [['schedule', verb, ...more], said] as const),
  ]),
  ...TIMES('from').map(
    ([more, said]) => [words('schedule backfill', 'there', [...TO, ...more]), said] as const,
  ),
  ...TIMES('to').map(
    ([more, said]) => [words('schedule backfill', 'there', [...FROM, ...more]), said] as const,
  ),
  [words('schedule backfill', 'there', []), /Missing required arguments: from, to/],
  [
    words('schedule backfill', 'there', ['--from', '2026-01-02', '--to', '2026-01-01']),
    /from must not be later/,
  ],
  [words('schedule backfill', 'there', [...FROM, '--to', '2999-01-01']), /must not lie in the future/],
  [words('schedule backfill', 'there', [...FROM, ...TO, '--yes=perhaps']), /--yes takes no value/],
  ...[...INPUT, ...ofText('id'), ...ofSwitch('watch'), ...ofSwitch('json')].map(
    ([more, said]) =>
      [words('start', 'provisionDatastore', ['--datastore-name', 'x', ...more]), said] as const,
  ),
  [words('start', 'provisionDatastore', ['--datastore-name', 'x', '--id', HUGE]), /exceeds|too long|limit/i],
  [
    words('start', 'provisionDatastore', ['--datastore-name', 'x', 'stray']),
    /"stray" is not the value of a flag/,
  ],
  ...INPUT.map(
    ([more, said]) => [['schedule', 'ensure', 'importDicomAndSearch', 'new', ...more], said] as const,
  ),
];

const shortened = (args: readonly string[]) => args.map((word) => word.slice(0, 40) || "''").join(' ');

/** The deviations from what is expected: one line that says what is wrong, the right exit code, no stack trace. */
function complaints({ args, code, stdout, stderr }: Batch[number], said = /./): string[] {
  const [line = '', ...more] = stderr.trimEnd().split('\n');
  const lines = more.filter((other) => !other.startsWith('To list its flags: '));
  const isRight = code === 1 && stdout === '' && said.test(line) && lines.length === 0;
  const shown = [stdout, line, ...lines].map((text) => text.slice(0, 300)).join('\n  ');
  return isRight ? [] : [`${shortened(args)} → ${code}, not ${String(said)}:\n  ${shown}`];
}

type Row = readonly [args: readonly string[], said: RegExp];

/** Runs a table in two processes at a time, and returns the deviations. */
async function complaintsOf(table: readonly Row[]): Promise<string[]> {
  const half = Math.ceil(table.length / 2);
  const halves = [table.slice(0, half), table.slice(half)];
  const ended = await Promise.all(halves.map((rows) => runAll(rows.map(([args]) => args))));
  return ended.flat().flatMap((one, index) => complaints(one, table[index]?.[1]));
}

test('every invalid flag of every command is rejected with one line', async () => {
  expect(await complaintsOf(TABLE)).toEqual([]);
});

const CHOICES = /Invalid values: Argument: .*Choices: /;

/** Values that AWS's models permit: a patient id may be empty, and these attributes may have up to 260,000 characters. */
const LEGAL: Readonly<Record<string, 'empty' | 'long'>> = {
  NextToken: 'empty',
  dicomPatientId: 'empty',
  copiableAttributes: 'long',
};

/** Values of a member that are invalid by every rule. */
function faultsOf({ name, kind, choices }: Member): Case[] {
  const flag = `--${flagOf(name)}`;
  if (kind === 'boolean') return ofSwitch(flagOf(name));
  const wrong = [
    [[flag], NO_VALUE],
    [[flag, 'a', flag, 'b'], /must be/],
  ] as const;
  if (choices)
    return [
      [[flag], NO_VALUE],
      [[flag, 'a', flag, 'b'], CHOICES],
      [[flag, 'banana'], CHOICES],
    ];
  if (kind === 'json')
    return [...wrong, [[flag, ''], /must be JSON/], [[flag, '{'], /must be JSON/], [[flag, '7'], /must be/]];
  const legal = LEGAL[name];
  return [
    ...wrong,
    [[flag, ''], legal === 'empty' ? /is missing/ : /must/],
    [[flag, HUGE], legal === 'long' ? /is missing/ : /must/],
  ];
}

test('every invalid member of every input is rejected with one line', async () => {
  const table = [
    // `recurringImport` has the members of schedules, which the other table contains.
    ...WORKFLOW_NAMES.filter((flow) => flow !== 'recurringImport').flatMap((flow) =>
      membersOf(flow).flatMap((member) =>
        faultsOf(member).map(([more, said]) => [['start', flow, ...more], said] as const),
      ),
    ),
    ...RECURRING_FLOWS.slice(0, 1).flatMap((flow) =>
      scheduleMembers().flatMap((member) =>
        faultsOf(member).map(([more, said]) => [['schedule', 'ensure', flow, 'new', ...more], said] as const),
      ),
    ),
  ];
  expect(await complaintsOf(table)).toEqual([]);
});

test('the table contains every command, and a file that is not a JSON object is rejected', async () => {
  writeFileSync(join(folder, 'list.json'), '[]');
  writeFileSync(join(folder, 'text.json'), 'text');
  const of = (file: string) => ['start', 'provisionDatastore', '--input', join(folder, file)];
  const [list, noJson, ...help] = await runAll([
    of('list.json'),
    of('text.json'),
    ['--help'],
    ['schedule', '--help'],
  ]);
  expect(complaints(list as Batch[number], /must hold one JSON object/)).toEqual([]);
  expect(complaints(noJson as Batch[number], /must be JSON/)).toEqual([]);
  const commands = help.flatMap(({ stdout }) =>
    [...stdout.matchAll(/^ {2}aws-health-workflows ((?:schedule )?[\w-]+)/gm)].map(([, command]) => command),
  );
  const tried = new Set(TABLE.map(([args]) => args.slice(0, args[0] === 'schedule' ? 2 : 1).join(' ')));
  // `schedule` has subcommands, `worker` and `completion` have no flag, and test/dev/flags.test.ts has the flags of `local-aws`.
  const untried = ['schedule', 'worker', 'local-aws', 'completion'];
  expect(commands.filter((command) => !tried.has(command ?? ''))).toEqual(untried);
});

test('none of the rejected commands had an effect', async () => {
  const runs = await until(
    () => cluster.flows.list({ all: true }),
    (all) => all.length > 0,
  );
  expect(runs.map(({ workflowId }) => workflowId)).toEqual(['ended']);
  expect(await cluster.flows.schedules.describe('there')).toMatchObject({
    paused: false,
    counts: { fired: 0 },
    waiting: 0,
  });
  expect(await cluster.flows.schedules.list()).toHaveLength(1);
});
