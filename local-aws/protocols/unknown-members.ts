import { unknownName } from '../../src/input-rules/ajv.ts';
import { isRecord } from '../../src/lib/guards.ts';
import { invalid } from '../errors.ts';
import {
  isPayload,
  itemsOf,
  structureOf,
  type OperationSchema,
  type SchemaRef,
  type UriPlace,
} from './schemas.ts';

/**
 * Refuses a request with a member that the SDK's schema of the operation lacks. The SDK's codec would drop this member, and a
 * client of a newer API would believe that the local AWS had done what it asks for.
 *
 * @param body - the parsed body; a member that is `null` counts as absent, as on AWS
 * @throws ServiceError ValidationException that names the member
 */
export function refuseUnknownMembers(operation: OperationSchema, body: unknown): void {
  const [, , name, , input] = operation;
  // `__type` is allowed: some clients send it in unions, and every protocol of AWS ignores it.
  const [path] = unknownPaths(payloadOf(input), body);
  if (path) throw unknownToUs(name, path);
}

/**
 * The same for the query string. Names that begin with `x-` are not members: they are signatures, such as
 * `X-Amz-Signature`, and what SDKs add, such as `x-id`.
 */
export function refuseUnknownQuery(
  operation: string,
  members: readonly (readonly [name: string, place: UriPlace])[],
  query: URLSearchParams,
): void {
  for (const name of query.keys()) {
    const isKnown = members.some(([, place]) => 'query' in place && place.query === name);
    if (!isKnown && !/^x-/i.test(name)) throw unknownToUs(operation, unknownName(name));
  }
}

const unknownToUs = (operation: string, path: string) =>
  invalid(
    `The local AWS does not know the member ${path} of ${operation}: its API is that of the AWS SDK in this package. Leave the member out, or try the request on AWS.`,
  );

/** The schema of the body: of the whole input, or of the one member that is the payload. */
function payloadOf(input: SchemaRef): SchemaRef {
  const structure = structureOf(input);
  return structure?.members.find(([, member]) => isPayload(member))?.[1] ?? input;
}

/** The paths of unknown members. The recursion follows the schema, so that a deeply nested request cannot overflow the stack. */
function* unknownPaths(schema: SchemaRef, value: unknown): Generator<string> {
  const items = itemsOf(schema);
  if (items !== undefined && typeof value === 'object' && value !== null) {
    for (const item of Object.values(value)) yield* unknownPaths(items, item);
  }
  const structure = structureOf(schema);
  if (!structure || !isRecord(value)) return;
  const members = new Map(structure.members);
  for (const [name, held] of Object.entries(value)) {
    const member = members.get(name);
    if (member !== undefined) for (const path of unknownPaths(member, held)) yield `${name}.${path}`;
    else if (held !== null && name !== '__type') yield unknownName(name);
  }
}
