/** Makes inputs for the operations of HealthImaging and HealthLake that break one rule each, from the input rules. */
import { isRecord } from '../../src/lib/guards.ts';
import { member, shapeOf, type Service } from '../support/filled.ts';

const ID = '0'.repeat(32);
const KEY = '12345678-1234-1234-1234-123456789012';

/** A valid text of each shape that has a pattern. */
const TEXTS: Readonly<Record<Service, Readonly<Record<string, string>>>> = {
  'medical-imaging': {
    Arn: `arn:aws:medical-imaging:us-east-1:123456789012:datastore/${ID}`,
    AwsAccountId: '123456789012',
    DatastoreId: ID,
    ImageFrameId: ID,
    ImageSetId: ID,
    JobId: ID,
    ImageSetExternalVersionId: '1',
    DICOMSeriesInstanceUID: '1.2',
    DICOMStudyInstanceUID: '1.2',
    KmsKeyArn: `arn:aws:kms:us-east-1:123456789012:key/${KEY}`,
    LambdaArn: 'arn:aws:lambda:us-east-1:123456789012:function:authorize',
    RoleArn: 'arn:aws:iam::123456789012:role/data-access',
    S3Uri: 's3://bucket/key',
  },
  healthlake: {
    AmazonResourceName: `arn:aws:healthlake:us-east-1:123456789012:datastore/fhir/${ID}`,
    DatastoreId: ID,
    JobId: ID,
    LambdaArn: 'arn:aws:lambda:us-east-1:123456789012:function:authorize',
    IamRoleArn: 'arn:aws:iam::123456789012:role/data-access',
    S3Uri: 's3://bucket/key',
  },
};

/**
 * A text that matches no pattern of the two services: patterns for ASCII do not allow the letter, the others not the control
 * character.
 */
const IN_NO_PATTERN = 'é\u0007';

/** A name or an index on the way to a value of an input. */
type Step = string | number;

export interface Breach {
  readonly path: readonly Step[];
  /** True: the last step of the path is a key of a map, and `value` replaces this key. False: it replaces what is at the path. */
  readonly isKey: boolean;
  /** The keyword of the rule, such as `maxLength`. */
  readonly rule: string;
  /** Undefined removes the member. */
  readonly value?: unknown;
}

/** A value that breaks no rule, with every member set. For a union, `pick` selects the alternative. */
export function valid(service: Service, shape: string, pick: number): unknown {
  const rule = ruleOf(service, shape);
  if (rule['wire'] === 'timestamp') return new Date(1_700_000_000_000);
  if (rule['wire'] === 'blob') return new Uint8Array([1]);
  switch (rule['type']) {
    case 'string':
      return [rule['enum']].flat()[0] ?? TEXTS[service][shape] ?? 'text';
    case 'boolean':
      return true;
    case 'integer':
      return rule['minimum'];
    case 'array':
      return [valid(service, refOf(rule['items']), pick)];
  }
  if (isRecord(rule['additionalProperties'])) {
    return { key: valid(service, refOf(rule['additionalProperties']), pick) };
  }
  const chosen = membersOf(rule, pick);
  return Object.fromEntries(chosen.map(([name, ref]) => [name, valid(service, ref, pick)]));
}

/** Every way to break one rule of a shape, and of the shapes inside it. */
export function* breaches(
  service: Service,
  shape: string,
  pick: number,
  path: readonly Step[] = [],
  isKey = false,
): Generator<Breach> {
  const rule = ruleOf(service, shape);
  const within = (ref: string, step: Step, isKey = false) =>
    breaches(service, ref, pick, [...path, step], isKey);
  yield* valueBreaches(rule, valid(service, shape, pick)).map((breach) => ({ path, isKey, ...breach }));
  for (const name of namesIn(rule['required'])) yield { path: [...path, name], isKey, rule: 'required' };
  if (rule['items']) yield* within(refOf(rule['items']), 0);
  if (rule['propertyNames']) yield* within(refOf(rule['propertyNames']), 'key', true);
  if (isRecord(rule['additionalProperties'])) yield* within(refOf(rule['additionalProperties']), 'key');
  for (const [name, ref] of membersOf(rule, pick)) yield* within(ref, name);
}

/** The values that replace a valid one, each of which breaks one of its rules. */
function valueBreaches(
  rule: Readonly<Record<string, unknown>>,
  value: unknown,
): Omit<Breach, 'path' | 'isKey'>[] {
  const broken = (keyword: string, change: (limit: number) => unknown) =>
    rule[keyword] === undefined ? [] : [{ rule: keyword, value: change(Number(rule[keyword])) }];
  const [first] = Array.isArray(value) ? value : [];
  return [
    ...broken('enum', () => 'NONE_OF_THEM'),
    ...broken('pattern', () => IN_NO_PATTERN),
    ...broken('minLength', (limit) => String(value).slice(0, limit - 1)),
    ...broken('maxLength', (limit) => String(value).padEnd(limit + 1, '1')),
    ...broken('minimum', (limit) => limit - 1),
    ...broken('maximum', (limit) => limit + 1),
    ...broken('minBytes', (limit) => new Uint8Array(limit - 1)),
    ...broken('maxBytes', (limit) => new Uint8Array(limit + 1)),
    ...broken('minItems', () => []),
    ...broken('maxItems', (limit) => Array.from({ length: limit + 1 }, () => first)),
  ];
}

/** A copy of the input with the breach in it. */
export const withBreach = (input: object, breach: Breach): object => Object(changed(input, breach));

function changed(held: unknown, breach: Breach): unknown {
  const { path, isKey, value } = breach;
  const [step, ...steps] = path;
  if (step === undefined) return value;
  const inside = { ...breach, path: steps };
  if (Array.isArray(held)) return held.map((item, i) => (i === step ? changed(item, inside) : item));
  const entries = Object.entries(Object(held)).map(([name, item]): [string, unknown] => {
    if (name !== step) return [name, item];
    return isKey && steps.length === 0 ? [String(value), item] : [name, changed(item, inside)];
  });
  return Object.fromEntries(entries.filter(([, item]) => item !== undefined));
}

/**
 * The name of the place in an error of the local AWS. The keys of maps do not appear in it, because they are values of the input.
 */
export function nameOf({ path, isKey }: Breach): string {
  const holder = path.slice(0, -1).join('.');
  if (isKey) return `a key of ${holder}`;
  return holder === 'tags' ? `${holder}.(a key)` : path.join('.');
}

const namesIn = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((name) => typeof name === 'string') : [];

const ruleOf = (service: Service, shape: string): Readonly<Record<string, unknown>> => {
  const rule = shapeOf(service, shape);
  if (!isRecord(rule)) throw new Error(`there is no shape ${shape}`);
  return rule;
};

const refOf = (ref: unknown) => String(member(ref, '$ref')).split('/').at(-1) ?? '';

function membersOf(rule: Readonly<Record<string, unknown>>, pick: number): [name: string, ref: string][] {
  const all = Object.entries(rule['properties'] ?? {}).map(([name, ref]): [string, string] => [
    name,
    refOf(ref),
  ]);
  const chosen = all[pick % all.length];
  return rule['maxProperties'] === 1 && chosen ? [chosen] : all;
}
