/** Inputs that are made to break a program get one clear answer, which holds nothing of them. */
import { ApplicationFailure } from '@temporalio/common';
import { membersOf } from '../../src/input-rules/members.ts';
import { WORKFLOW_NAMES, assertInput, type WorkflowName } from '../../src/input-rules/workflows.ts';
import { HOSTILE, NAUGHTY } from '../support/hostile.ts';

/** The failure of the check, as Temporal stores it; undefined if the input is valid. */
function refusal(flow: WorkflowName, input: unknown): string | undefined {
  try {
    assertInput(flow, input);
    return undefined;
  } catch (error) {
    if (!(error instanceof ApplicationFailure)) throw error;
    return JSON.stringify([error.type, error.message, error.details]);
  }
}

const inEachMember = (flow: WorkflowName, value: unknown) =>
  Object.fromEntries(membersOf(flow).map(({ name }) => [name, value]));

test.each(Object.entries(HOSTILE))('%s, in the members of each flow, and as an input', (what, json) => {
  const value: unknown = JSON.parse(json);
  // A million members take seconds to list, and no input of a run can have them: Temporal limits it to 2 MB.
  const flows = what === 'a million members' ? (['copyImageSet'] as const) : WORKFLOW_NAMES;
  const inputs = flows.map((flow) => [flow, inEachMember(flow, value)] as const);
  for (const [flow, input] of [...inputs, ['copyImageSet', value] as const]) {
    const refused = refusal(flow, input);
    expect(refused).toMatch(/^\["ValidationFailed",/);
    expect(refused?.length).toBeLessThan(200_000);
  }
});

const nestedLists = (depth: number): unknown => (depth === 0 ? 1 : [nestedLists(depth - 1)]);

test.each([
  ['20,001 values', Array.from({ length: 20_001 }, () => 1), 'must not have more than 20000 values'],
  ['lists in 101 lists', nestedLists(101), 'must not be nested more than 100 deep'],
])('%s are more than any input needs, and are refused before its rules are checked', (_, input, rule) => {
  expect(refusal('tagImageSet', input)).toContain(rule);
  const smaller = Array.isArray(input) && input.length > 1 ? input.slice(1) : nestedLists(100);
  expect(refusal('tagImageSet', smaller)).toMatch(/^\["ValidationFailed"(?!.*must not)/);
});

test('the strings of the Big List of Naughty Strings, as values and as names, are refused and not repeated', () => {
  const repeated: string[] = [];
  const attack = (flow: WorkflowName, text: string, input: unknown) => {
    const refused = refusal(flow, input) ?? 'taken';
    // A shorter one may be a part of the message, and an unknown name is shown if it looks like the name of a member.
    const isTelling = text.length > 12 && !/^\w+$/.test(text);
    const isRepeated = isTelling && refused.includes(JSON.stringify(text).slice(1, -1));
    if (isRepeated || !refused.startsWith('["ValidationFailed",')) repeated.push(`${flow}: ${text}`);
  };
  for (const text of NAUGHTY) {
    for (const flow of WORKFLOW_NAMES) attack(flow, text, inEachMember(flow, text));
    attack('tagImageSet', text, { [text]: text });
  }
  expect(repeated).toEqual([]);
});
