import { isRecord } from '../lib/guards.ts';
import { TEMPLATES, expandTemplates, hasUnknownTemplate, isOffset, isTimeZone } from './templates.ts';
import { compileRules, type Problem } from './ajv.ts';
import { isFleetName } from './fleets.ts';
import { FLOW_RULES, flowProblems, type FlowName } from './flows.ts';

export type Members<Flow extends FlowName> = (typeof FLOW_RULES)[Flow]['schema']['properties'];
export type HasInput = { inputS3Uri: unknown } | { InputS3Uri: unknown };
export type HasStore = { datastoreId: unknown } | { DatastoreId: unknown };

/** The flows that can be recurring: those that import from S3 into an existing data store. */
export type RecurringFlow = {
  [Flow in FlowName]: Members<Flow> extends HasInput & HasStore ? Flow : never;
}[FlowName];

export const RECURRING_FLOWS = (Object.keys(FLOW_RULES) as FlowName[]).filter(isRecurringFlow);

function isRecurringFlow(flow: FlowName): flow is RecurringFlow {
  return memberLike(flow, /^inputS3Uri$/i) !== undefined && memberLike(flow, /^datastoreId$/i) !== undefined;
}

/** The flow's own names of the members for the input folder and for the data store. */
export function recurringMembers(flow: RecurringFlow): { inputS3Uri: string; datastoreId: string } {
  return {
    inputS3Uri: memberLike(flow, /^inputS3Uri$/i) ?? '',
    datastoreId: memberLike(flow, /^datastoreId$/i) ?? '',
  };
}

/**
 * Default members of a recurring import. Its result does not list patients at each firing. The plan of a fleet is
 * named by the scheduled time. If all firings had the same plan name, the second one would use the plan of the first, and would not see
 * the files that have been added since. A firing that is repeated for the same time, for example by a backfill, uses the plan of
 * that time again, and imports only what is missing.
 *
 * @param scheduledAt - ISO 8601
 */
export function recurringDefaults(flow: RecurringFlow, scheduledAt: string): Record<string, unknown> {
  if (isFleetName(flow)) return { planName: scheduledAt.replaceAll(':', '-') };
  return memberLike(flow, /^summaries$/) === undefined ? {} : { summaries: 'ids' };
}

/** HealthLake spells its members with a capital. */
function memberLike(flow: FlowName, spelling: RegExp): string | undefined {
  return Object.keys(FLOW_RULES[flow].schema.properties).find((member) => spelling.test(member));
}

export const RECURRING_IMPORT_SCHEMA = {
  type: 'object',
  required: ['flow', 'input'],
  properties: {
    flow: { enum: RECURRING_FLOWS },
    input: { type: 'object' },
    timeZone: { type: 'string' },
    offset: { type: 'string' },
    onlyNew: { type: 'boolean' },
  },
  additionalProperties: false,
} as const;

/** A schedule: what it starts, when, and its policies. */
export const SCHEDULE_SCHEMA = {
  ...RECURRING_IMPORT_SCHEMA,
  properties: {
    ...RECURRING_IMPORT_SCHEMA.properties,
    cron: { type: 'string' },
    every: { duration: true },
    jitter: { duration: 'orNone' },
    overlap: { enum: ['SKIP', 'BUFFER_ONE', 'BUFFER_ALL', 'CANCEL_OTHER', 'TERMINATE_OTHER', 'ALLOW_ALL'] },
    catchupWindow: { duration: true },
    pauseOnFailure: { type: 'boolean' },
  },
} as const;

const checkImport = compileRules(RECURRING_IMPORT_SCHEMA);
const checkSchedule = compileRules(SCHEDULE_SCHEMA);

/** A `{flow, input, …}` that the schema has accepted. */
interface Shape {
  flow: RecurringFlow;
  input: Record<string, unknown>;
  timeZone?: string;
  offset?: string;
  onlyNew?: boolean;
}

/**
 * Checks the input of `recurringImport`, and the flow's input with expanded templates against the flow's own rules.
 *
 * Any time can be used to expand them: templates have a fixed width, so an input that is valid now is valid at each firing.
 */
export function recurringImportProblems(input: unknown): Problem[] {
  const problems = checkImport(input);
  return problems.length > 0 ? problems : shapeProblems(input as Shape);
}

/** Checks a schedule when it is created, so that an error does not appear only at its first firing. */
export function scheduleProblems(schedule: unknown): Problem[] {
  const problems = checkSchedule(schedule);
  if (problems.length > 0) return problems;
  return [
    ...timetableProblems(schedule as { cron?: string; every?: unknown }),
    ...shapeProblems(schedule as Shape),
  ];
}

/** Neither a time zone (`CRON_TZ=`), which is a member of its own, nor a comment (`#`), which we set to recognize the schedule. */
const CRON = /^(@(yearly|monthly|weekly|daily|hourly)|[^\s#=]+( +[^\s#=]+){4})$/;

function timetableProblems({ cron, every }: { cron?: string; every?: unknown }): Problem[] {
  if ((cron === undefined) === (every === undefined)) {
    return [{ member: 'cron', rule: 'or every must be given, and not both' }];
  }
  return cron === undefined || CRON.test(cron)
    ? []
    : [{ member: 'cron', rule: 'must be five fields such as "0 2 * * *", or a name such as @daily' }];
}

function shapeProblems(shape: Shape): Problem[] {
  const ours = [...timeProblems(shape), ...onlyNewProblems(shape), ...inputProblems(shape)];
  const told = new Set(ours.map(({ member }) => member));
  // Members that a recurring import must not have are reported once, and not also because they require other members.
  const kept = Object.entries(shape.input).filter(([name]) => recurringMemberRule(name) === undefined);
  const example = expandTemplates(Object.fromEntries(kept), { scheduledAt: '2000-01-01T00:00:00Z' });
  const flows = flowProblems(shape.flow, example).map(({ member, rule }) => ({
    member: member ? `input.${member}` : 'input',
    rule,
  }));
  return [...ours, ...flows.filter(({ member }) => !told.has(member))];
}

function timeProblems({ timeZone, offset }: Shape): Problem[] {
  return [
    ...(timeZone === undefined || isTimeZone(timeZone)
      ? []
      : [{ member: 'timeZone', rule: 'must be an IANA time zone such as Europe/Berlin' }]),
    ...(offset === undefined || isOffset(offset)
      ? []
      : [{ member: 'offset', rule: 'must be minutes, hours, days or weeks such as "-1 day" or "+6 hours"' }]),
  ];
}

/** `onlyNew` needs the outcome of each import, to know which files still have to be imported. */
function onlyNewProblems({ flow, onlyNew, input }: Shape): Problem[] {
  if (onlyNew && isFleetName(flow)) {
    const rule =
      'is not for fleets: one new file would import all folders again. Use a folder for each firing, such as {yyyy}/{MM}/{dd}';
    return [{ member: 'onlyNew', rule }];
  }
  if (!onlyNew || input['onFileErrors'] !== 'ignore') return [];
  return [{ member: 'onlyNew', rule: 'does not go with input.onFileErrors "ignore": it needs the outcome' }];
}

/** Problems of an input that is valid for a single run of the flow, but not for recurring runs. */
function inputProblems({ flow, input }: Shape): Problem[] {
  const { datastoreId } = recurringMembers(flow);
  return [
    ...(input[datastoreId] === undefined
      ? [
          {
            member: `input.${datastoreId}`,
            rule: 'is missing: every firing imports into the same data store',
          },
        ]
      : []),
    ...Object.keys(input).flatMap((name) => {
      const rule = recurringMemberRule(name);
      return rule === undefined ? [] : [{ member: `input.${name}`, rule }];
    }),
    ...membersWithUnknownTemplates(input, 'input').map((member) => ({
      member,
      rule: `holds a brace that is not part of ${TEMPLATES.join(' ')}`,
    })),
  ];
}

function recurringMemberRule(name: string): string | undefined {
  if (/ClientToken$/i.test(name))
    return 'is not for recurring imports: AWS would return the first job at each firing';
  if (/^nextToken$/i.test(name)) return 'is not for recurring imports: it continues the list of a single run';
  if (/^jobId$/i.test(name)) return 'is not for recurring imports: each firing starts a job of its own';
  if (name === 'planName') return 'is not for recurring imports: each firing makes a plan of its own';
  if (name === 'planOnly') return 'is not for recurring imports: a plan alone imports nothing';
  return undefined;
}

function membersWithUnknownTemplates(value: unknown, member: string): string[] {
  if (typeof value === 'string') return hasUnknownTemplate(value) ? [member] : [];
  const children = isRecord(value) || Array.isArray(value) ? Object.entries(value) : [];
  return children.flatMap(([name, child]) => membersWithUnknownTemplates(child, `${member}.${name}`));
}
