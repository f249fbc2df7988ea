/** Every flag of every command with a missing, invalid, empty or huge value prints one line, exits with 1, and has no effect. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { flagOf } from '../src/cli/flags.ts';
import { membersOf, scheduleMembers, type Member } from '../src/input-rules/members.ts';
import { RECURRING_FLOWS } from '../src/input-rules/recurring-import.ts';
import { WORKFLOW_NAMES } from '../src/input-rules/workflows.ts';
import { localAws, until } from './local-aws/harness.ts';
import { cliEnvironment, runCliInTurn, type Ended } from './support/cli.ts';
import { withCluster, type Cluster } from './support/cluster.ts';
import { NAUGHTY } from './support/hostile.ts';
import { roleArn } from './support/inputs.ts';

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
      DataAccessRoleArn: roleArn,
    },
    cron: '@yearly',
  });
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Words after a command, and the message that they must lead to. */
type Case = readonly [words: readonly string[], said: RegExp];
type Row = readonly [args: readonly string[], said: RegExp];

const HUGE = 'x'.repeat(20_000);
const NO_VALUE = /needs a value/;

const WHOLE = /must be a whole number/;
const TIME = /must be a date or a time such as/;
const NO_FILE = /there is no such file/;
const FAR = '9'.repeat(400);
const TIMES: readonly (readonly [string, RegExp])[] = [
  'soon',
  '2026-02-31',
  '2026-01-01T25:00Z',
  '99999-01-01',
  HUGE,
].map((time) => [time, TIME]);

/**
 * Wrong and huge values for each flag that takes a value. A flag without a row fails the test below, so that a new flag cannot be
 * forgotten.
 */
const WRONG: Readonly<Record<string, readonly (readonly [value: string, said: RegExp])[]>> = {
  limit: ['abc', '0', '-1', '1.5', '1e3', FAR].map((value) => [value, WHOLE]),
  wait: ['soon', '-1', FAR].map((value) => [value, WHOLE]),
  from: TIMES,
  to: [...TIMES, ['2025-01-01', /from must not be later/], ['2999-01-01', /must not lie in the future/]],
  input: [...['/none', HUGE].map((value) => [value, NO_FILE] as const), [folder, /this is a folder/]],
  id: [[HUGE, /exceeds|too long|limit/i]],
  note: [[HUGE, /Temporal answers: Schedule notes exceeds limit/]],
  query: [
    ['banana', /Temporal answers: invalid query/],
    [HUGE, /Temporal answers: invalid query/],
  ],
  concurrency: ['many', '0', '-1', '2.5', 'Infinity'].map((value) => [value, WHOLE]),
  'starts-per-second': ['many', '0', '-1', 'NaN', '1001'].map((value) => [
    value,
    /a number over 0 and up to 1,000/,
  ]),
  bucket: [[HUGE, /^1 of 10 checks failed/]],
  // The local AWS has no IAM to ask, and makes every key that it is asked for.
  role: [],
  'kms-key': [],
  'event-queue': ['events', HUGE].map((value) => [value, /^1 of 10 checks failed/]),
  port: ['soon', '65536', HUGE].map((value) => [value, /--port must be a number from 0 to 65535/]),
  host: [],
  'ui-origin': ['soon', 'https://a/b', HUGE].map((value) => [value, /--ui-origin must be an origin/]),
  'queue-url': ['events', HUGE].map((value) => [value, /must begin with https:/]),
};

const ofSwitch = (flag: string): Case[] => [
  [[`--${flag}=banana`], /takes no value, or is --.*=true or/],
  [[`--${flag}=`], /takes no value/],
];

const ofValue = (flag: string, isList: boolean): Case[] => [
  [[`--${flag}`], NO_VALUE],
  [[`--${flag}`, ''], /must not be empty/],
  [[`--no-${flag}`], /must not be empty/],
  ...(isList ? [] : [[[`--${flag}`, 'a', `--${flag}`, 'b'], /is given more than once/] as const]),
  ...(WRONG[flag] ?? []).map(([value, said]): Case => [[`--${flag}`, value], said]),
];

/** A command as its own help describes it. */
interface Command {
  readonly words: readonly string[];
  readonly takesId: boolean;
  readonly flags: readonly Flag[];
}

interface Flag {
  readonly name: string;
  readonly type: string;
  readonly isRequired: boolean;
}

/** The text of a section of a command's help, such as `Options:`; empty if it has none. */
const sectionOf = (help: string, title: string) => help.split(`\n${title}:\n`)[1]?.split('\n\n')[0] ?? '';

/** The flags of the command itself. The members of its input are tested below, by the rules of the input. */
const flagsIn = (help: string): Flag[] =>
  sectionOf(help, 'Options')
    .split(/^ +(?:-\w, )?--/m)
    .slice(1)
    .map((option) => ({
      name: /^[\w-]+/.exec(option)?.[0] ?? '',
      type: /\[(boolean|string|array)\]/.exec(option)?.[1] ?? '',
      isRequired: option.includes('[required]'),
    }));

/** The names of the commands that a command has. */
const subcommandsIn = (help: string) =>
  [...sectionOf(help, 'Commands').matchAll(/^ {2}aws-health-workflows (?:schedule )?([\w-]+)/gm)].map(
    ([, name = '']) => name,
  );

/** Without a server, a region or any other setting. */
const helpOf = (commands: readonly (readonly string[])[], flag: string) =>
  Promise.all(commands.map((words) => runCliInTurn([...words, flag], { PATH: process.env['PATH'] })));

/** The commands that only have commands of their own. */
const GROUPS = [[], ['start'], ['schedule'], ['schedule', 'ensure']];

/** All commands, found by the lists in the program's help. */
async function allCommands(): Promise<Command[]> {
  const [root, schedule] = await helpOf([[], ['schedule']], '--help');
  const groups = GROUPS.map((group) => group.join(' '));
  const words = [
    ...subcommandsIn(root?.stdout ?? '').map((name) => [name]),
    ...subcommandsIn(schedule?.stdout ?? '').map((name) => ['schedule', name]),
    // `local-aws` reads its flags itself: test/dev/flags.test.ts.
  ].filter((command) => ![...groups, 'local-aws'].includes(command.join(' ')));
  const flows = [
    ...WORKFLOW_NAMES.map((flow) => ['start', flow]),
    ...RECURRING_FLOWS.map((flow) => ['schedule', 'ensure', flow]),
  ];
  const helps = await helpOf([...words, ...flows], '--help');
  return [...words, ...flows].map((command, index) => ({
    words: command,
    takesId: /^ {2}id /m.test(sectionOf(helps[index]?.stdout ?? '', 'Positionals')),
    flags: flagsIn(helps[index]?.stdout ?? ''),
  }));
}

/** Valid values, so that an invalid flag beside them is the only reason why a command has no effect. */
const VALID: Readonly<Record<string, readonly string[]>> = {
  from: ['--from', '2026-01-01'],
  to: ['--to', '2026-01-02'],
  'start provisionDatastore': ['--datastore-name', 'x'],
  'schedule ensure importDicomAndSearch': [
    '--cron=@yearly',
    `--datastore-id=${'d'.repeat(32)}`,
    `--data-access-role-arn=${roleArn}`,
    '--input-s3-uri=s3://incoming/',
    '--output-s3-uri=s3://results/',
  ],
};

function rowsOf({ words, takesId, flags }: Command): Row[] {
  const isOfSchedule = words[0] === 'schedule';
  const id = takesId ? [isOfSchedule ? 'there' : 'ended'] : [];
  const needed = (except?: string) =>
    flags.flatMap(({ name, isRequired }) => (isRequired && name !== except ? (VALID[name] ?? []) : []));
  const own = VALID[words.join(' ')] ?? [];
  const creates = words.includes('ensure');
  const missing = isOfSchedule ? /There is no schedule no-such/ : /There is no run no-such/;
  const ids: Case[] = [
    [[], /^The id is missing/],
    [[''], /The id must not be empty/],
    [[HUGE], /too long|exceeds|There is no/i],
    ...(creates ? [] : [[['no-such'], missing] as const]),
  ];
  return [
    ...flags.flatMap(({ name, type }) =>
      (type === 'boolean' ? ofSwitch(name) : ofValue(name, type === 'array')).map(([more, said]): Row => [
        [...words, ...id, ...needed(name), ...own, ...more],
        said,
      ]),
    ),
    ...flags
      .filter(({ isRequired }) => isRequired)
      .map(({ name }): Row => [[...words, ...id, ...needed(name)], new RegExp(`^Missing: --${name}\\.`)]),
    ...(takesId ? ids : []).map(([more, said]): Row => [[...words, ...more, ...needed(), ...own], said]),
    [[...words, ...id, ...needed(), ...own, 'stray'], /^(Not known here: )?"stray"/],
  ];
}

const shortened = (args: readonly string[]) => args.map((word) => word.slice(0, 40) || "''").join(' ');

/** The deviations from what is expected: one line that says what is wrong, the right exit code, no stack trace. */
function complaints(
  { args, code, stdout, stderr }: Ended & { args: readonly string[] },
  said = /./,
): string[] {
  const [line = '', ...more] = stderr.trimEnd().split('\n');
  const lines = more.filter((other) => !other.startsWith('To list its flags: '));
  // `doctor` prints its findings before it fails.
  const isRight =
    code === 1 && (stdout === '' || args[0] === 'doctor') && said.test(line) && lines.length === 0;
  const shown = [stdout, line, ...lines].map((text) => text.slice(0, 300)).join('\n  ');
  return isRight ? [] : [`${shortened(args)} → ${code}, not ${String(said)}:\n  ${shown}`];
}

/** Runs a table, and returns the deviations. */
async function complaintsOf(table: readonly Row[]): Promise<string[]> {
  const ended = await Promise.all(
    table.map(async ([args]) => ({ args, ...(await runCliInTurn(args, env)) })),
  );
  return ended.flatMap((one, index) => complaints(one, table[index]?.[1]));
}

describe('every command', () => {
  let commands: Command[];
  beforeAll(async () => (commands = await allCommands()));

  test('has flags of known types, with invalid values for each, and flows have the same flags of the command itself', () => {
    expect(commands.map(({ words }) => words.join(' '))).toEqual(
      expect.arrayContaining([
        'list',
        'doctor',
        'completion',
        'schedule stop-backfill',
        'start copyImageSet',
      ]),
    );
    const valued = commands.flatMap(({ flags }) => flags).filter(({ type }) => type !== 'boolean');
    expect(new Set(valued.map(({ name }) => name))).toEqual(new Set(Object.keys(WRONG)));
    for (const group of ['start', 'ensure']) {
      const flags = commands.filter(({ words }) => words.at(-2) === group).map((command) => command.flags);
      for (const other of flags) expect(other).toEqual(flags[0]);
    }
  });

  test('helps with -h, without a server, a region or a setting', async () => {
    const all = [...GROUPS, ...commands.map(({ words }) => words)];
    const ended = await helpOf(all, '-h');
    expect(
      ended.map(({ code, stderr, stdout }) => [
        code,
        stderr,
        stdout.split(/ ?[<[\n]/)[0],
        /-h, --help .*Show help/.test(stdout),
      ]),
    ).toEqual(all.map((words) => [0, '', ['aws-health-workflows', ...words].join(' '), true]));
  });

  test('rejects every invalid flag, and an invalid id, with one line', async () => {
    const others = commands.filter(({ words }) => !['start', 'ensure'].includes(words.at(-2) ?? ''));
    const ofFlows = commands.filter(({ words }) => words.join(' ') in VALID);
    expect(ofFlows).toHaveLength(2);
    const rows = [...others, ...ofFlows].flatMap(rowsOf);
    expect(rows.length).toBeGreaterThan(150);
    expect(await complaintsOf(rows)).toEqual([]);
  });
});

const CHOICES = /must be one of /;

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
    [[flag, 'a', flag, 'b'], /is given more than once/],
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

test('an input file that is not a JSON object is rejected', async () => {
  writeFileSync(join(folder, 'list.json'), '[]');
  writeFileSync(join(folder, 'text.json'), 'text');
  writeFileSync(join(folder, 'comma.json'), '{\n  "datastoreName": "x",\n  "tags": { "a": "b", },\n}');
  const of = (file: string) => ['start', 'provisionDatastore', '--input', join(folder, file)];
  const table: Row[] = [
    [of('list.json'), /must hold one JSON object/],
    [of('text.json'), /must be JSON.* line 1, column 1\./],
    [of('comma.json'), /must be JSON.* line 3, column 21\./],
  ];
  expect(await complaintsOf(table)).toEqual([]);
});

test('a misspelt flag is named, with the flag that is meant', async () => {
  const start = ['start', 'provisionDatastore', '--datastor-name', 'x'];
  const said = /--datastor-name is not known here \(did you mean --datastore-name\?\)\.$/;
  expect(await complaintsOf([[start, said]])).toEqual([]);
});

test('a flag with the name of a member of every object is unknown, as others are', async () => {
  const commands = [
    ['list'],
    ['start', 'provisionDatastore'],
    ['schedule', 'ensure', 'importDicomAndSearch', 'x'],
  ];
  const names = Object.getOwnPropertyNames(Object.prototype);
  const table = commands.flatMap((words) =>
    names.map((name): Row => [[...words, `--${name}`, 'x'], /^Not known here: --/]),
  );
  expect(await complaintsOf(table)).toEqual([]);
});

test('every naughty string as an id, a query or a member is answered with one line', async () => {
  const commands = [
    ['result'],
    ['failures'],
    ['cancel'],
    ['schedule', 'describe'],
    ['list', '--query'],
    ['start', 'tagImageSet', '--datastore-id'],
  ];
  // The list holds two flags that every command has.
  const naughty = NAUGHTY.filter((text) => text !== '--help' && text !== '--version');
  const table = naughty.map((text, number): Row => [
    [...(commands[number % commands.length] ?? []), text],
    /./,
  ]);
  expect(await complaintsOf(table)).toEqual([]);
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
