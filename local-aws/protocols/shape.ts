import { ServiceError } from '../errors.ts';
import { itemsOf, requiredOf, structureOf, targetOf, type SchemaRef } from './schemas.ts';

/** What the model of a service says against an input: a required member is missing, or a value is not of its type. */
export interface Mismatch {
  readonly member: string;
  readonly problem: 'missing' | 'wrong type';
}

/**
 * The first mismatch between an input and the SDK's schema of it, for a service whose rules this package does not have. The SDK's
 * codec passes both on in silence.
 */
export function mismatchOf(schema: SchemaRef, input: unknown): Mismatch | undefined {
  for (const mismatch of mismatches(schema, input)) return mismatch;
  return undefined;
}

/** @throws ServiceError as AWS JSON does for a body that cannot be read by the service's model */
export function refuseWrongType({ member }: Mismatch): never {
  throw new ServiceError(
    'SerializationException',
    `${member} has a value of another type than the API says.`,
  );
}

function* mismatches(schema: SchemaRef, value: unknown, member = 'input'): Generator<Mismatch> {
  const structure = structureOf(schema);
  const items = itemsOf(schema);
  const isSimple = !structure && items === undefined;
  if (isSimple ? !isOfSimpleType(targetOf(schema), value) : !isObject(value)) {
    yield { member, problem: 'wrong type' };
  } else if (structure) {
    const members = new Map(Object.entries(Object(value)));
    for (const name of requiredOf(structure.schema)) {
      if (members.get(name) === undefined) yield { member: name, problem: 'missing' };
    }
    for (const [name, of] of structure.members) {
      if (members.get(name) !== undefined) yield* mismatches(of, members.get(name), name);
    }
  } else if (items !== undefined) {
    for (const item of Object.values(Object(value))) yield* mismatches(items, item, member);
  }
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** Simple types are numbers; with the bit 64 a list of one, and with the bit 128 a map. */
function isOfSimpleType(schema: SchemaRef, value: unknown): boolean {
  if (typeof schema !== 'number') return true;
  if (schema >= 64)
    return isObject(value) && Object.values(value).every((item) => isOfSimpleType(schema & 63, item));
  if (schema === 0) return typeof value === 'string';
  if (schema === 1) return typeof value === 'number';
  return true;
}
