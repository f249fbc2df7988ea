/**
 * The types of inputs and the rules for inputs (src/input-rules) say the same: of every combination of the members that decide
 * on one another, and of every other member, TypeScript takes what the rules take and nothing else.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { FLOW_RULES, isFlowName } from '../../src/input-rules/flows.ts';
import { textOf } from '../../src/input-rules/member-texts.ts';
import { membersOf, scheduleMembers, type Member } from '../../src/input-rules/members.ts';
import { RECURRING_FLOWS, scheduleProblems } from '../../src/input-rules/recurring-import.ts';
import { WORKFLOW_NAMES, inputProblems } from '../../src/input-rules/workflows.ts';
import { recordOf } from '../../src/lib/guards.ts';

const root = join(import.meta.dirname, '../..');

/** A value as code would give it, and whether the rules take it. */
interface Case {
  type: string;
  value: object;
  isTaken: boolean;
}

/** The names of members on which it depends whether others are needed or allowed. */
function decidingMembers(flow: (typeof WORKFLOW_NAMES)[number]): Set<string> {
  const { excludes } = recordOf(isFlowName(flow) ? FLOW_RULES[flow].schema : {});
  const excluded = Object.entries(recordOf(excludes)).flat(2).map(String);
  const needs = membersOf(flow).flatMap(({ name, needed, goesWith = [] }) => [
    ...(needed || goesWith.length > 0 ? [name] : []),
    ...(needed === 'always' ? [] : (needed ?? [])),
    ...goesWith,
  ]);
  return new Set([...excluded, ...needs]);
}

const subsets = <Item>(items: readonly Item[]): Item[][] =>
  items.reduce<Item[][]>((found, item) => found.flatMap((set) => [set, [...set, item]]), [[]]);

const withExamples = (members: readonly Member[]): Record<string, unknown> =>
  Object.fromEntries(members.map((member) => [member.name, textOf(member).example]));

/** What is tried of one member, beside its example. */
const valuesOf = (member: Member): unknown[] => [
  textOf(member).example,
  null,
  ...(member.choices ? [...member.choices, 'NO_SUCH_CHOICE'] : []),
];

/** Inputs of every shape: all combinations of the deciding members, and each other member on top of a good one. */
function inputsOf(
  members: readonly Member[],
  deciding: ReadonlySet<string>,
  isGood: (input: object) => boolean,
): object[] {
  const shapes = subsets(members.filter(({ name }) => deciding.has(name))).map(withExamples);
  const good = shapes.find(isGood) ?? {};
  const others = members.filter(({ name }) => !deciding.has(name));
  return [
    ...shapes,
    ...others.flatMap((member) => valuesOf(member).map((value) => ({ ...good, [member.name]: value }))),
    ...Object.keys(good).map((name) => ({ ...good, [name]: null })),
    { ...good, noSuchMember: 'x' },
  ];
}

const flowCases = WORKFLOW_NAMES.filter(isFlowName).flatMap((flow) => {
  const isTaken = (input: object) => inputProblems(flow, input).length === 0;
  return inputsOf(membersOf(flow), decidingMembers(flow), isTaken).map((value): Case => ({
    type: `FlowInput<'${flow}'>`,
    value,
    isTaken: isTaken(value),
  }));
});

const recurringCases = RECURRING_FLOWS.flatMap((flow) => {
  const isTaken = (input: object) => inputProblems('recurringImport', { flow, input }).length === 0;
  return inputsOf(membersOf(flow), decidingMembers(flow), isTaken).map((input): Case => ({
    type: `FlowInput<'recurringImport'>`,
    value: { flow, input },
    isTaken: isTaken(input),
  }));
});

const scheduleCases = RECURRING_FLOWS.slice(0, 1).flatMap((flow) => {
  const inputs = subsets(membersOf(flow)).map(withExamples);
  const input = inputs.find(
    (candidate) => inputProblems('recurringImport', { flow, input: candidate }).length === 0,
  );
  const isTaken = (schedule: object) => scheduleProblems({ flow, input, ...schedule }).length === 0;
  return inputsOf(scheduleMembers(), new Set(['cron', 'every']), isTaken).map((schedule): Case => ({
    type: `RecurringImport<'${flow}'>`,
    value: { flow, input, ...schedule },
    isTaken: isTaken(schedule),
  }));
});

/** One constant on one line for each case; TypeScript complains of a line that is an error, and of one that should be. */
const linesOf = ({ type, value, isTaken }: Case, index: number) =>
  `${isTaken ? '' : '// @ts-expect-error\n'}export const case${index}: ${type} = ${JSON.stringify(value)};`;

/** What `tsc` says of a file, as the lines that it names. */
async function complaints(cases: readonly Case[]): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'ahw-types-'));
  const client = relative(folder, join(root, 'src/client.ts'));
  const source = [`import type { FlowInput, RecurringImport } from '${client}';`, ...cases.map(linesOf)].join(
    '\n',
  );
  try {
    writeFileSync(join(folder, 'cases.mts'), source);
    const config = {
      extends: join(root, 'tsconfig.json'),
      compilerOptions: { types: ['node'], typeRoots: [join(root, 'node_modules/@types')] },
      include: ['cases.mts'],
    };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const output = await new Promise<string>((resolve) => {
      execFile(process.execPath, [tsc, '-p', folder, '--pretty', 'false'], (_, stdout) => resolve(stdout));
    });
    const lines = source.split('\n');
    return output
      .split('\n')
      .filter((line) => /^\S.*error TS/.test(line))
      .map((line) => {
        const [, number] = /cases\.mts\((\d+),/.exec(line) ?? [];
        const [first = '', second = ''] = lines.slice(Number(number ?? lines.length) - 1);
        return number === undefined ? line : first.startsWith('//') ? `${first} ${second}` : first;
      });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('TypeScript takes what the rules take, and nothing else', async () => {
  const cases = [...flowCases, ...recurringCases, ...scheduleCases];
  expect(await complaints(cases)).toEqual([]);
});

test.each(WORKFLOW_NAMES)('%s: there are cases of both kinds', (flow) => {
  const cases = [...flowCases, ...recurringCases].filter(({ type }) => type === `FlowInput<'${flow}'>`);
  expect(cases.filter(({ isTaken }) => isTaken).length).toBeGreaterThan(0);
  expect(cases.filter(({ isTaken }) => !isTaken).length).toBeGreaterThan(2);
});

test('a type and a rule that differ are found', async () => {
  const wrong: Case[] = [
    { type: `FlowInput<'tagImageSet'>`, value: {}, isTaken: true },
    { type: `FlowInput<'provisionDatastore'>`, value: { datastoreName: 'x' }, isTaken: false },
    { type: `RecurringImport<'startImportAndWaitCompleted'>`, value: {}, isTaken: true },
  ];
  expect(await complaints(wrong)).toHaveLength(wrong.length);
});
