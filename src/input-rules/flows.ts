import { isRecord } from '../lib/guards.ts';
import type { WaitKind } from '../pacing/pacing.ts';
import { pacingProblems, type Polling } from '../pacing/polling.ts';
import { compileRules, type Problem } from './ajv.ts';
import type { FlowRules } from './flow-members.ts';
import { HEALTHLAKE_FLOWS } from './healthlake-flows.ts';
import { IMAGING_FLOWS } from './imaging-flows.ts';

/**
 * The input of every flow: the document's own names, every optional member of its operations that the SDK sends, and
 * ours. What the document requires only to start a job is not required of a run that re-attaches to one.
 */
export const FLOW_RULES = { ...IMAGING_FLOWS, ...HEALTHLAKE_FLOWS } as const;

export type FlowName = keyof typeof FLOW_RULES;

export function isFlowName(name: string): name is FlowName {
  return Object.hasOwn(FLOW_RULES, name);
}

const compiled = new Map<FlowName, (input: unknown) => Problem[]>();

/**
 * Holds the input of a flow against all its rules.
 *
 * @returns every problem, by member and rule, never with a value; empty for an input that the flow takes
 */
export function flowProblems(flow: FlowName, input: unknown): Problem[] {
  const { schema, waits }: FlowRules & { schema: { properties: Readonly<Record<string, object>> } } =
    FLOW_RULES[flow];
  let check = compiled.get(flow);
  if (!check) compiled.set(flow, (check = compileRules(schema)));
  const problems = [...check(input), ...templateProblems(schema.properties, input)];
  return problems.some(({ member }) => !member || member.startsWith('polling'))
    ? problems
    : [...problems, ...pollingProblems(input, Object.values(waits))];
}

/**
 * What is wrong with the pacing that an input asks for.
 *
 * @param input - whose `polling`, if there is one, is well-formed
 * @param kinds - the kind of each wait that it paces; a kind stands there as often as there are waits of it
 */
export function pollingProblems(input: unknown, kinds: readonly WaitKind[]): Problem[] {
  const polling = isRecord(input) && isRecord(input['polling']) ? (input['polling'] as Polling) : undefined;
  const rules = polling ? pacingProblems(polling, kinds) : [];
  return rules.map((rule) => ({ member: 'polling', rule }));
}

/** All problems in one line, for a person: `datastoreId is missing; sourceImageSetId must match …`. */
export function describeProblems(problems: readonly Problem[]): string {
  return problems.map(({ member, rule }) => `${member || 'the input'} ${rule}`).join('; ');
}

/** A folder named by a template would be looked for by that very name. */
function templateProblems(members: Readonly<Record<string, object>>, input: unknown): Problem[] {
  return Object.entries(isRecord(input) ? input : {}).flatMap(([member, value]) => {
    const isUri = isRecord(members[member]) && String(members[member]['$ref']).endsWith('/S3Uri');
    return isUri && typeof value === 'string' && /[{}]/.test(value)
      ? [{ member, rule: 'must not hold a brace: only recurringImport expands templates such as {yyyy}' }]
      : [];
  });
}
