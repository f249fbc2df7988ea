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

/** Whether R4 recommends a `name` that programs can use as an identifier: it does for all definitional resources. */
export function hasMachineName(type: string): boolean {
  const { name = '', status = '' } = definitions[type]?.elements ?? {};
  return name.endsWith('..1 string') && status.endsWith('publication-status');
}

type Schema = Readonly<Record<string, unknown>>;

/**
 * The JSON schema of a complex type of R4. It refers to other types by the keyword `fhirType` instead of `$ref`, because
 * `ajv` would compile all 60 data types for an Extension although a resource uses a few.
 */
export function schemaOf(type: string): Schema {
  const properties: Record<string, Schema> = isResource(type) ? { resourceType: { type: 'string' } } : {};
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
      const plain = primitive ? primitiveSchema(choiceType, primitive) : complexSchema(choiceType);
      const one = { ...plain, ...(valueSet !== undefined && { fhirCodes: valueSet }) };
      // A list of primitives has null where only an extension is given; the list of the extensions, where there is none.
      const item = primitive ? { ...one, nullable: true } : one;
      properties[choice] = isList ? listOf(item) : one;
      const extended = complexSchema('Element');
      if (primitive) properties[`_${choice}`] = isList ? listOf({ ...extended, nullable: true }) : extended;
    }
  }
  return {
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

const listOf = (items: Schema): Schema => ({ type: 'array', items, minItems: 1 });

const primitiveSchema = (type: string, { json, allows, minimum, maximum }: Primitive): Schema => ({
  type: json,
  ...(allows && { format: type }),
  ...(minimum !== undefined && { minimum, maximum }),
});

const complexSchema = (type: string): Schema => ({ type: 'object', fhirType: type });
