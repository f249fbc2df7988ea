import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { distance } from 'fastest-levenshtein';
import { attributesText } from '../lib/dicom-attributes.ts';
import { isRecord, recordOf } from '../lib/guards.ts';
import { isDuration } from '../pacing/polling.ts';
import { brokenExtent } from './extent.ts';
import serviceRules from './service-rules.json' with { type: 'json' };

/** One problem of an input. It never contains the value, which may be patient data. */
export interface Problem {
  /** The member, as a path with dots; empty for the input as a whole. */
  readonly member: string;
  /** The rule that it breaks, as the rest of a sentence that begins with the member. */
  readonly rule: string;
}

/** A duration longer than 0, or one that may be 0, which means none. */
type DurationRule = true | 'orNone';

/** The rules are JSON Schema with further keywords. `wire` is for a blob (`Uint8Array`) or a timestamp (`Date`) of the SDK. */
const ajv = new Ajv({ allErrors: true, verbose: true, allowUnionTypes: true })
  .addVocabulary(['sensitive', 'minBytes', 'maxBytes'])
  .addKeyword({
    keyword: 'wire',
    validate: (
      wire: 'blob' | 'timestamp',
      value: unknown,
      schema: { minBytes?: number; maxBytes?: number } = {},
    ) =>
      wire === 'timestamp'
        ? value instanceof Date && !Number.isNaN(value.getTime())
        : value instanceof Uint8Array &&
          value.byteLength >= (schema.minBytes ?? 0) &&
          value.byteLength <= (schema.maxBytes ?? Infinity),
  })
  .addKeyword({ keyword: 'excludes', type: 'object', validate: isWithoutExcluded })
  .addKeyword({ keyword: 'oneNeeded', type: 'object', validate: hasOneNeeded })
  .addKeyword({ keyword: 'json', validate: isJson })
  .addKeyword({ keyword: 'wholeNumber', validate: isWholeNumber })
  .addKeyword({ keyword: 'time', validate: (_: true, value: unknown) => isTime(value) })
  .addKeyword({
    keyword: 'duration',
    validate: (rule: DurationRule, value: unknown) => isDuration(value, { orNone: rule === 'orNone' }),
  });
for (const schema of Object.values(serviceRules)) ajv.addSchema(schema);

/** Compiles a JSON Schema that may refer to the services' shapes as `medical-imaging#/$defs/…`. */
export function compileRules(schema: object): (input: unknown) => Problem[] {
  let validate: ValidateFunction | undefined;
  const names = new Set([...namesIn(serviceRules), ...namesIn(schema)]);
  return (input) => {
    const rule = brokenExtent(input);
    if (rule !== undefined) return [{ member: '', rule }];
    validate ??= ajv.compile(schema);
    return validate(input) ? [] : (validate.errors ?? []).flatMap((error) => toProblems(error, names));
  };
}

function toProblems(error: ErrorObject, names: ReadonlySet<string>): Problem[] {
  const member = pathOf(error, names);
  const child = (name: string) => (member ? `${member}.${name}` : name);
  const { params } = error;
  switch (error.keyword) {
    // The `then` branch reports its own errors.
    case 'if':
    case 'propertyNames':
      return [];
    case 'required':
      return [{ member: child(params['missingProperty']), rule: 'is missing' }];
    case 'dependencies':
      return [
        {
          member: child(params['missingProperty']),
          rule: `is missing, which ${params['property']} needs`,
        },
      ];
    case 'additionalProperties':
      return [
        {
          member: child(unknownName(params['additionalProperty'])),
          rule: unknownMember(params['additionalProperty'], error),
        },
      ];
    case 'enum':
      return [{ member, rule: `must be one of ${params['allowedValues'].join(', ')}` }];
    case 'oneNeeded':
      return [oneNeededProblem(error)];
    case 'excludes':
      return excludedProblems(error);
    case 'json':
      return [{ member, rule: 'must be a JSON object of no more bytes than the service takes' }];
    case 'wholeNumber':
      return [{ member, rule: rangeRule(error) }];
    case 'duration':
      return [{ member, rule: durationRule(error) }];
    case 'time':
      return [{ member, rule: 'must be a time with its offset from UTC, such as "2026-01-31T02:00:00Z"' }];
    case 'wire':
      return [{ member, rule: error.schema === 'timestamp' ? 'must be a timestamp' : blobRule(error) }];
    default:
      return [
        {
          member: error.propertyName === undefined ? member : `a key of ${member}`,
          rule: error.message ?? 'is not valid',
        },
      ];
  }
}

/** An unknown name in the input may be patient data, so it is shown only if it looks like the name of a member. */
export const unknownName = (name: string) =>
  /^[A-Za-z]\w{0,40}$/.test(name) ? name : '(a name that is not shown)';

/** A path with dots. Keys of maps such as tags are left out, because they are values of the input. */
function pathOf({ instancePath }: ErrorObject, names: ReadonlySet<string>): string {
  const segments = instancePath.slice(1).split('/');
  return segments
    .map((segment) => (names.has(segment) || /^\d*$/.test(segment) ? segment : '(a key)'))
    .join('.');
}

/** The names of all members in a schema, at any depth. */
function namesIn(schema: unknown): string[] {
  if (!isRecord(schema)) return [];
  return Object.entries(schema).flatMap(([key, value]) => [
    ...(key === 'properties' && isRecord(value) ? Object.keys(value) : []),
    ...namesIn(value),
  ]);
}

/** `excludes: {a: ['b', 'c']}`: an input with `a` must not have `b` or `c`. */
function isWithoutExcluded(excludes: Record<string, string[]>, value: Record<string, unknown>): boolean {
  return Object.entries(excludes).every(
    ([name, others]) => value[name] === undefined || others.every((other) => value[other] === undefined),
  );
}

/** `oneNeeded: ['a', 'b']`: an input must have `a` or `b`, or both. */
function hasOneNeeded(members: string[], value: Record<string, unknown>): boolean {
  return members.some((member) => value[member] !== undefined);
}

function oneNeededProblem({ schema }: ErrorObject): Problem {
  const [member = '', ...others] = [schema].flat().map(String);
  return { member, rule: `is missing, or ${others.join(' or ')}` };
}

function excludedProblems({ schema, data }: ErrorObject): Problem[] {
  const given = recordOf(data);
  return Object.entries(recordOf(schema)).flatMap(([member, excluded]) => {
    const others = [excluded].flat().map(String);
    if (isWithoutExcluded({ [member]: others }, given)) return [];
    return [{ member, rule: `does not go with ${others.join(' or ')}` }];
  });
}

function isJson({ maxBytes }: { maxBytes: number }, value: unknown): boolean {
  try {
    const text = typeof value === 'string' ? attributesText(value) : JSON.stringify(value);
    return Buffer.byteLength(text) <= maxBytes && isRecord(JSON.parse(text));
  } catch {
    return false;
  }
}

function isTime(value: unknown): boolean {
  const shape = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/;
  return typeof value === 'string' && shape.test(value) && !Number.isNaN(Date.parse(value));
}

function isWholeNumber({ minimum, maximum }: { minimum: number; maximum: number }, value: unknown): boolean {
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  return Number.isInteger(number) && Number(number) >= minimum && Number(number) <= maximum;
}

function durationRule({ schema }: ErrorObject): string {
  const rule = 'must be a number of milliseconds, or text such as "30s" or "5 minutes"';
  return schema === 'orNone' ? `${rule}; 0 for none` : `${rule}, longer than 0`;
}

function rangeRule({ schema }: ErrorObject): string {
  const { minimum, maximum } = isRecord(schema) ? schema : {};
  return `must be a whole number from ${String(minimum)} to ${String(maximum)}`;
}

function blobRule({ parentSchema }: ErrorObject): string {
  return `must be ${parentSchema?.['minBytes'] ?? 0} to ${parentSchema?.['maxBytes']} bytes`;
}

function unknownMember(name: string, { parentSchema }: ErrorObject): string {
  const known = Object.keys(parentSchema?.['properties'] ?? {});
  const [nearest] = known
    .map((candidate) => ({
      candidate,
      edits: distance(candidate.toLowerCase(), name.toLowerCase()),
    }))
    .filter(({ edits }) => edits <= 3)
    .toSorted((a, b) => a.edits - b.edits);
  return `is not known here${nearest ? ` (did you mean ${nearest.candidate}?)` : `; known are ${known.join(', ')}`}`;
}
