import r4 from './definitions.json' with { type: 'json' };
import type { ElementRules } from './element-rules.ts';
import { primitives, type Primitive } from './primitives.ts';

/** A complex type as `definitions.json` has it. */
interface TypeDefinition {
  /** The type whose elements it also has, such as `DomainResource`. */
  readonly base: string;
  /** Cardinality, types and value set, as in `0..1 code administrative-gender` or `0..* HumanName`. */
  readonly elements: Readonly<Record<string, string>>;
}

const definitions: Readonly<Record<string, TypeDefinition>> = r4.types;

/** The codes of each value set that an element is bound to, by the end of its URL. */
export const codes: Readonly<Record<string, readonly string[]>> = r4.codes;

/** Whether R4 wants the `name` of a resource type to be one for programs: so of all that are published definitions. */
export function hasMachineName(type: string): boolean {
  const { name = '', status = '' } = definitions[type]?.elements ?? {};
  return name.endsWith('..1 string') && status.endsWith('publication-status');
}

/** The schema of an element, as far as it is looked at here. */
interface ElementSchema {
  readonly $ref?: string;
  readonly items?: ElementSchema;
  readonly [keyword: string]: unknown;
}

/** The schema of a complex type. */
interface TypeSchema extends ElementSchema {
  readonly $id: string;
  readonly properties: Readonly<Record<string, ElementSchema>>;
}

/** The name of the schema for the extensions beside a primitive in a list, where `null` stands for none. */
const ELEMENT_OR_NULL = 'ElementOrNull';

/**
 * The JSON schemas of a type and of all types that it refers to, by name. They refer to one another by name as well.
 *
 * @param known - types whose schemas are not wanted again; those that are returned are added to it
 */
export function schemasOf(type: string, known: Set<string>): TypeSchema[] {
  if (known.has(type)) return [];
  known.add(type);
  const own =
    type === ELEMENT_OR_NULL
      ? { ...schemaOf('Element'), $id: ELEMENT_OR_NULL, nullable: true }
      : schemaOf(type);
  return [own, ...referencesOf(own).flatMap((reference) => schemasOf(reference, known))];
}

const referencesOf = ({ properties }: TypeSchema) =>
  Object.values(properties).flatMap(({ $ref, items }) => $ref ?? items?.$ref ?? []);

function schemaOf(type: string): TypeSchema {
  const properties: Record<string, ElementSchema> = isResource(type)
    ? { resourceType: { type: 'string' } }
    : {};
  const fhirElements: ElementRules = {
    profile: type.split('.')[0] ?? type,
    required: [],
    choices: [],
    lists: [],
  };
  for (const [name, specification] of elementsOf(type)) {
    const [cardinality = '', types = '', valueSet] = specification.split(' ');
    const isList = !cardinality.endsWith('..1');
    if (cardinality.startsWith('1')) fhirElements.required.push(name);
    const choices = namesOf(name, types.split('|'));
    if (name.endsWith('[x]')) fhirElements.choices.push({ name, of: choices.map(([choice]) => choice) });
    for (const [choice, choiceType] of choices) {
      const primitive = primitives[choiceType];
      if (primitive && isList) fhirElements.lists.push(choice);
      const plain = primitive ? primitiveSchema(choiceType, primitive, isList) : complexSchema(choiceType);
      const one = { ...plain, ...(valueSet !== undefined && { fhirCodes: valueSet }) };
      properties[choice] = isList ? listOf(one) : one;
      if (primitive)
        properties[`_${choice}`] = isList ? listOf({ $ref: ELEMENT_OR_NULL }) : { $ref: 'Element' };
    }
  }
  return {
    $id: type,
    type: 'object',
    properties,
    additionalProperties: false,
    minProperties: 1,
    fhirElements,
  };
}

/** The elements of a type and of all its bases. */
function elementsOf(type: string): [name: string, specification: string][] {
  const definition = definitions[type];
  return definition ? [...elementsOf(definition.base), ...Object.entries(definition.elements)] : [];
}

function isResource(type: string): boolean {
  const base = definitions[type]?.base ?? '';
  return type === 'Resource' || (base !== '' && isResource(base));
}

/** The resource types of R4 that a resource can be of. */
export const resourceTypes: ReadonlySet<string> = new Set(
  Object.keys(definitions).filter((type) => isResource(type) && !/^(Domain)?Resource$/.test(type)),
);

/** `value[x]` is `valueString`, `valueQuantity` and so on; any other name is itself. */
function namesOf(name: string, types: readonly string[]): [name: string, type: string][] {
  if (!name.endsWith('[x]')) return [[name, types[0] ?? '']];
  const stem = name.slice(0, -'[x]'.length);
  return types.map((type) => [`${stem}${type.charAt(0).toUpperCase()}${type.slice(1)}`, type]);
}

const listOf = (items: ElementSchema): ElementSchema => ({ type: 'array', items, minItems: 1 });

/** Of a list, null is allowed where there is an extension in its place, which {@link ElementRules.lists} sees to. */
function primitiveSchema(type: string, primitive: Primitive, isList: boolean): ElementSchema {
  const { json, allows, minimum, maximum } = primitive;
  return {
    type: json,
    ...(isList && { nullable: true }),
    ...(allows && { format: type }),
    ...(minimum !== undefined && { minimum, maximum }),
  };
}

const complexSchema = (type: string): ElementSchema =>
  type === 'Resource' ? { type: 'object', fhirResource: true } : { $ref: type };
