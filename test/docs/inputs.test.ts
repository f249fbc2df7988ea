/**
 * The tables of inputs in docs/flows match what `--help` shows, and each of their examples is valid.
 *
 * `UPDATE_DOCS=1 npx jest test/docs/inputs` regenerates the tables.
 */
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { byNeed, describeNeed } from '../../src/cli/flags.ts';
import { textOf } from '../../src/input-rules/member-texts.ts';
import { membersOf, scheduleMembers, type Member } from '../../src/input-rules/members.ts';
import { scheduleProblems } from '../../src/input-rules/recurring-import.ts';
import { WORKFLOW_NAMES, inputProblems } from '../../src/input-rules/workflows.ts';

const folder = join(import.meta.dirname, '../../docs/flows');

function rowOf(member: Member): string {
  const { what, form, example, see } = textOf(member);
  const said = see === undefined ? what : `${what} ([more](../flows.md#${see}))`;
  const choices = member.choices?.map((choice) => `\`${JSON.stringify(choice)}\``).join(', ');
  const need = describeNeed(member, (name) => `\`${name}\``);
  const cells = [`\`${member.name}\``, need, said, choices ?? form ?? '', `\`${JSON.stringify(example)}\``];
  return `| ${cells.join(' | ')} |`;
}

function tableOf(flow: (typeof WORKFLOW_NAMES)[number]): string {
  const rows = byNeed(membersOf(flow)).map(rowOf);
  return ['| input | | | form | example |', '| --- | --- | --- | --- | --- |', ...rows].join('\n');
}

/** The formatter aligns columns, so white space is not compared. */
const withoutPadding = (markdown: string) => markdown.replaceAll(/ +/g, ' ').replaceAll(/-{3,}/g, '---');

const sections = readdirSync(folder).flatMap((name) => {
  const file = join(folder, name);
  const markdown = readFileSync(file, 'utf8');
  return WORKFLOW_NAMES.filter((flow) => markdown.includes(`\n## ${flow}\n`)).map((flow) => ({ file, flow }));
});

test.each(sections)('$flow', ({ file, flow }) => {
  const markdown = readFileSync(file, 'utf8');
  const start = markdown.indexOf('\n| input', markdown.indexOf(`\n## ${flow}\n`)) + 1;
  const end = markdown.indexOf('\n\n', start);
  const wanted = tableOf(flow);
  if (process.env['UPDATE_DOCS'])
    writeFileSync(file, markdown.slice(0, start) + wanted + markdown.slice(end));
  else expect(withoutPadding(markdown.slice(start, end))).toBe(withoutPadding(wanted));
});

test('every flow has a section', () => {
  const flows = sections.map(({ flow }) => flow);
  expect(WORKFLOW_NAMES.filter((flow) => !flows.includes(flow))).toEqual(['recurringImport']);
});

describe('each example is valid', () => {
  test.each(WORKFLOW_NAMES)('%s', (flow) => {
    for (const member of membersOf(flow)) {
      const { name } = member;
      const problems = inputProblems(flow, { [name]: textOf(member).example });
      const ofValue = problems.filter(
        ({ member, rule }) => member.startsWith(name) && !rule.startsWith('is missing'),
      );
      expect({ name, ofValue }).toEqual({ name, ofValue: [] });
    }
  });

  test.each(scheduleMembers())('of a schedule: $name', ({ name }) => {
    const given = { flow: 'importDicomAndSearch', input: {}, [name]: textOf({ name }).example };
    const when = name === 'every' ? {} : { cron: '@daily' };
    const problems = scheduleProblems({ ...when, ...given }).filter(({ member }) => member === name);
    expect(problems).toEqual([]);
  });
});
