import type { CopyImageSet$ } from '@aws-sdk/client-medical-imaging';
import { recordOf } from '../../src/lib/guards.ts';

/** `[9, namespace, name, traits, input, output]`: how the SDK clients ship their operations. */
export type OperationSchema = typeof CopyImageSet$;
export type SchemaRef = OperationSchema[4];
/** `[3, namespace, name, traits, memberNames, memberSchemas, numberOfRequiredMembers]`; a union starts with 4. */
type StructureSchema = [3 | 4, string, string, unknown, string[], SchemaRef[], ...unknown[]];

/** The operations of an SDK client's module. */
export const operationSchemas = (sdk: object): OperationSchema[] =>
  Object.values(sdk).filter((value): value is OperationSchema => Array.isArray(value) && value[0] === 9);

/** The HTTP status that an SDK client's model gives each of its errors. */
export function modelledErrorStatus(sdk: object): Map<string, number> {
  const status = new Map<string, number>();
  for (const { name, traits } of errorSchemas(sdk)) {
    if (typeof traits['httpError'] === 'number') status.set(name, traits['httpError']);
  }
  return status;
}

/** The codes that the errors of a service had in the query protocol, which it spoke before. Few services have any. */
export function queryErrorCodes(sdk: object): Map<string, string> {
  const codes = new Map<string, string>();
  for (const { name, traits } of errorSchemas(sdk)) {
    const { awsQueryError } = traits;
    if (Array.isArray(awsQueryError)) codes.set(name, String(awsQueryError[0]));
  }
  return codes;
}

/** The errors of an SDK client's model, with their traits by name. */
function errorSchemas(sdk: object): { name: string; traits: Readonly<Record<string, unknown>> }[] {
  return Object.values(sdk).flatMap((schema) => {
    if (!Array.isArray(schema) || schema[0] !== -3) return [];
    const [, , name, traits] = schema;
    return [{ name: String(name), traits: recordOf(traits) }];
  });
}

/** Where the URI contains a member of an input: in the path, or in the query string under the name `query`. */
export type UriPlace = { readonly label: true } | { readonly query: string; readonly list: boolean };

/** The members of an operation's input that are in the URI. */
export function uriMembers([, , , , input]: OperationSchema): [name: string, place: UriPlace][] {
  const members = structureOf(input)?.members ?? [];
  return members.flatMap(([name, member]) => {
    const place = uriPlace(member);
    return place ? [[name, place] as const] : [];
  });
}

export function uriPlace(member: SchemaRef): UriPlace | undefined {
  const traits = traitsOf(member);
  // The first bit of a trait vector is httpLabel.
  if (typeof traits === 'number') return traits & 1 ? { label: true } : undefined;
  if (typeof traits !== 'object' || traits === null) return undefined;
  if ('httpLabel' in traits) return { label: true };
  if ('httpQuery' in traits) return { query: String(traits.httpQuery), list: isList(targetOf(member)) };
  return undefined;
}

/** Whether a member is the whole body. The fifth bit of a trait vector is httpPayload. */
export function isPayload(member: SchemaRef): boolean {
  const traits = traitsOf(member);
  return typeof traits === 'number'
    ? (traits & 16) !== 0
    : typeof traits === 'object' && traits !== null && 'httpPayload' in traits;
}

/** The schema that a member refers to, without the traits which the member adds to it. */
export function targetOf(member: SchemaRef): SchemaRef {
  const target = Array.isArray(member) && member.length === 2 ? member[0] : member;
  return typeof target === 'function' ? target() : target;
}

/** The schema of a structure or union, and its members by name. Undefined for any other type. */
export function structureOf(
  ref: SchemaRef,
): { readonly schema: StructureSchema; readonly members: [name: string, member: SchemaRef][] } | undefined {
  const schema: unknown = targetOf(ref);
  if (!isStructure(schema)) return undefined;
  const [, , , , names, members] = schema;
  return { schema, members: names.map((name, i) => [name, members[i] ?? 'unit']) };
}

/** The names of the required members of a structure: the first ones. */
export const requiredOf = ([, , , , names, , count]: StructureSchema): readonly string[] =>
  typeof count === 'number' ? names.slice(0, count) : [];

/** The schema of the items of a list, or of the values of a map. Undefined if they are of a simple type. */
export function itemsOf(ref: SchemaRef): SchemaRef | undefined {
  const schema: unknown = targetOf(ref);
  if (!Array.isArray(schema)) return undefined;
  if (schema[0] === 1) return schema[4];
  return schema[0] === 2 ? schema[5] : undefined;
}

const traitsOf = (member: SchemaRef): unknown =>
  Array.isArray(member) && member.length === 2 ? member[1] : undefined;

/** A list of a simple type is a number with the bit 64 set, any other list a schema that starts with 1. */
const isList = (schema: SchemaRef) =>
  typeof schema === 'number' ? (schema & 0b1100_0000) === 64 : Array.isArray(schema) && schema[0] === 1;

const isStructure = (schema: unknown): schema is StructureSchema =>
  Array.isArray(schema) && (schema[0] === 3 || schema[0] === 4);
