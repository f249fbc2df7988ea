import { isRecord } from '../lib/guards.ts';
import type { WaitKind } from '../pacing/pacing.ts';
import { pacingProblems, type Polling } from '../pacing/polling.ts';
import { compileRules, type Problem } from './ajv.ts';
import { FLEET_RULES } from './fleets.ts';
import type { FlowRules } from './flow-members.ts';
import { HEALTHLAKE_FLOWS } from './healthlake-flows.ts';
import { IMAGING_FLOWS } from './imaging-flows.ts';

/**
 * The input rules of every flow: the members of its document, every optional member of its operations that the SDK sends, and
 * members of this package. A run that attaches to a job does not need the members that only start one. The fleets, which
 * import by the thousand, have no document.
 */
export const FLOW_RULES = { ...IMAGING_FLOWS, ...HEALTHLAKE_FLOWS, ...FLEET_RULES } as const;

export type FlowName = keyof typeof FLOW_RULES;

export function isFlowName(name: string): name is FlowName {
  return Object.hasOwn(FLOW_RULES, name);
}

const compiled = new Map<FlowName, (input: unknown) => Problem[]>();

/**
 * Checks the input of a flow.
 *
 * @returns all problems, without values; empty for a valid input
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
 * Checks the `polling` of an input.
 *
 * @param input - the members of its `polling` must be valid one by one
 * @param kinds - the kind of each wait of the flow, as often as there are waits of it
 */
export function pollingProblems(input: unknown, kinds: readonly WaitKind[]): Problem[] {
  const polling = isRecord(input) && isRecord(input['polling']) ? (input['polling'] as Polling) : undefined;
  const rules = polling ? pacingProblems(polling, kinds) : [];
  return rules.map((rule) => ({ member: 'polling', rule }));
}

/** All problems in one line: `datastoreId is missing; sourceImageSetId must match …`. */
export function describeProblems(problems: readonly Problem[]): string {
  return problems.map(({ member, rule }) => `${member || 'the input'} ${rule}`).join('; ');
}

/** Only `recurringImport` expands templates. In any other flow S3 would get the URI with the braces. */
function templateProblems(members: Readonly<Record<string, object>>, input: unknown): Problem[] {
  return Object.entries(isRecord(input) ? input : {}).flatMap(([member, value]) => {
    const isUri = isRecord(members[member]) && String(members[member]['$ref']).endsWith('/S3Uri');
    return isUri && typeof value === 'string' && /[{}]/.test(value)
      ? [{ member, rule: 'must not hold a brace: only recurringImport expands templates such as {yyyy}' }]
      : [];
  });
}
