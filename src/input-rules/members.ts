import { isRecord } from '../lib/guards.ts';
import { FLOW_RULES } from './flows.ts';
import { RECURRING_IMPORT_SCHEMA, SCHEDULE_SCHEMA } from './recurring-import.ts';
import serviceRules from './service-rules.json' with { type: 'json' };
import type { WorkflowName } from './workflows.ts';

/** One member of an input, as the command line and the docs need it. */
export interface Member {
  readonly name: string;
  /** How its value is written on a command line. */
  readonly kind: 'text' | 'number' | 'boolean' | 'json';
  readonly choices?: readonly string[];
  /** The name of its shape in the service's model, such as `DatastoreId`. */
  readonly shape?: string;
  /** When it is required: `always`, or unless one of these members is given. Absent for an optional member. */
  readonly needed?: 'always' | readonly string[];
  /** The members that it requires. */
  readonly goesWith?: readonly string[];
  /** Whether it may hold patient data. Nothing that is derived from it may be stored unencrypted. */
  readonly sensitive: boolean;
}

/** The members of a workflow's input, in the order of the rules. */
export function membersOf(workflow: WorkflowName): Member[] {
  return members(workflow === 'recurringImport' ? RECURRING_IMPORT_SCHEMA : FLOW_RULES[workflow].schema);
}

/** The members of a schedule, except `flow` and `input`. */
export function scheduleMembers(): Member[] {
  return members(SCHEDULE_SCHEMA).filter(({ name }) => name !== 'flow' && name !== 'input');
}

function members(schema: Schema): Member[] {
  return Object.entries(schema.properties).map(([name, rule]) => {
    const needed = neededIn(schema, name);
    const goesWith = schema.dependencies?.[name];
    return { ...toMember(name, rule), ...(needed && { needed }), ...(goesWith && { goesWith }) };
  });
}

/** The rules in `flow-members.ts` about required members. */
interface Needs {
  required?: readonly string[];
  oneNeeded?: readonly string[];
  if?: { not: { anyOf: readonly { required: readonly string[] }[] } };
  then?: { required: readonly string[] };
}

interface Schema extends Needs {
  properties: Readonly<Record<string, object>>;
  allOf?: readonly Needs[];
  dependencies?: Readonly<Record<string, readonly string[]>>;
}

function neededIn(schema: Schema, name: string): Member['needed'] {
  if (schema.required?.includes(name)) return 'always';
  for (const needs of [schema, ...(schema.allOf ?? [])]) {
    if (needs.oneNeeded?.includes(name)) return needs.oneNeeded.filter((other) => other !== name);
    if (needs.then?.required.includes(name))
      return needs.if?.not.anyOf.flatMap(({ required }) => required) ?? 'always';
  }
  return undefined;
}

interface Rule {
  $ref?: string;
  type?: string | readonly string[];
  enum?: readonly string[];
  duration?: true | 'orNone';
  wholeNumber?: object;
  sensitive?: boolean;
}

function toMember(name: string, rule: Rule): Member {
  const [service = '', shape] = rule.$ref?.split('#/$defs/') ?? [];
  const resolved = shape === undefined ? rule : shapeOf(service, shape);
  return {
    name,
    kind: kindOf(resolved),
    ...(resolved.enum && { choices: resolved.enum }),
    ...(shape !== undefined && { shape }),
    sensitive: (rule.sensitive ?? resolved.sensitive) === true,
  };
}

function shapeOf(service: string, shape: string): Rule {
  const { $defs } =
    (serviceRules as unknown as Record<string, { $defs: Record<string, Rule> }>)[service] ?? {};
  const rule = $defs?.[shape];
  return isRecord(rule) ? rule : {};
}

function kindOf({ type, enum: choices, duration, wholeNumber }: Rule): Member['kind'] {
  if (choices ?? duration ?? type === 'string') return 'text';
  if (wholeNumber ?? (type === 'integer' || type === 'number')) return 'number';
  return type === 'boolean' ? 'boolean' : 'json';
}
