import type { ErrorObject } from 'ajv';
import { isRecord } from '../../../src/lib/guards.ts';
import type { BrokenRule } from './element-rules.ts';
import { hasMachineName } from './schema.ts';
import type { Resource } from './validator.ts';

/** An issue of an OperationOutcome, as HealthLake writes them. */
export interface Issue {
  readonly severity: 'error' | 'warning' | 'information';
  readonly code: 'processing';
  readonly diagnostics: string;
  readonly location?: readonly string[];
}

const issue = (severity: Issue['severity'], diagnostics: string, location?: string): Issue => ({
  severity,
  code: 'processing',
  diagnostics,
  ...(location !== undefined && { location: [location] }),
});

export const errorIssue = (diagnostics: string): Issue => issue('error', diagnostics);

/** The maximum number of errors, and of unknown extensions, per resource: a line could violate a rule a million times. */
const MOST_ISSUES = 100;
/** The maximum number of characters of a value in a message. */
const MOST_CHARACTERS = 100;

/**
 * The issues that HealthLake reports for a resource that violates R4. They quote values of the resource.
 *
 * Order and wording follow the sample in HealthLake's developer guide ("Troubleshooting", "Why did my FHIR import job
 * fail?"): unreadable elements, warnings, missing elements, unknown extensions.
 *
 * @param goesByProfile - whether the validation level includes `meta.profile`; profiles are not validated, so a warning says so
 */
export function issuesOf(
  resource: Resource,
  errors: readonly ErrorObject[],
  goesByProfile: boolean,
): Issue[] {
  const worst = errors.slice(0, MOST_ISSUES);
  const ofElements = (error: ErrorObject) => error.keyword === 'fhirElements';
  return [
    ...worst.filter((error) => !ofElements(error)).map((error) => unreadable(resource, error)),
    ...nameWarnings(resource),
    ...(goesByProfile ? profileWarnings(resource) : []),
    ...worst.filter(ofElements).map((error) => brokenRule(resource, error)),
    ...unknownExtensions(resource),
  ];
}

/** An element that cannot be parsed. HealthLake writes its location with slashes. */
function unreadable(resource: Resource, { keyword, instancePath, params }: ErrorObject): Issue {
  const { value, path } = placeOf(resource, instancePath);
  return issue('error', complaint(keyword, params, value), `/${path.replaceAll('.', '/')}`);
}

function complaint(keyword: string, params: Readonly<Record<string, unknown>>, value: unknown): string {
  switch (keyword) {
    case 'additionalProperties':
      return `Unrecognised property '@${shortened(params['additionalProperty'])}'`;
    case 'type':
      return wrongType(String(params['type']), value);
    case 'format':
      return `Not a valid ${String(params['format'])} ('${shortened(value)}')`;
    case 'minimum':
    case 'maximum':
      return `The value '${shortened(value)}' is not ${String(params['comparison'])} ${String(params['limit'])}`;
    case 'fhirCodes':
      return notInValueSet(value, `http://hl7.org/fhir/ValueSet/${String(params['valueSet'])}|4.0.1`);
    case 'minItems':
      return 'Array cannot be empty - the property should not be present if it has no values';
    case 'minProperties':
      return 'Object must have some content';
    case 'fhirType':
      return 'The resourceType of the resource is missing or not one of FHIR R4';
    default:
      return `The value breaks the rule ${keyword}`;
  }
}

/** A value of the wrong JSON type. HealthLake names the types of the Java library Gson. */
function wrongType(expected: string, value: unknown): string {
  const gson = Array.isArray(value)
    ? 'Array'
    : value === null
      ? 'Null'
      : isRecord(value)
        ? 'Object'
        : undefined;
  const found = gson === undefined ? 'a primitive property' : gson === 'Null' ? 'a Null' : `an ${gson}`;
  if (expected === 'array') return `This property must be an Array, not ${found}`;
  if (expected === 'object') return `This property must be an Object, not ${found}`;
  if (gson !== undefined) return `This property must be an simple value, not a com.google.gson.Json${gson}`;
  if (expected === 'integer') return `Not a valid integer ('${shortened(value)}')`;
  return `Error parsing JSON: the primitive value must be a ${expected}`;
}

const notInValueSet = (value: unknown, url: string) =>
  typeof value === 'string'
    ? `The value provided ('${shortened(value)}') is not in the value set ${url}, and a code is required from this value set`
    : `None of the codes provided are in the value set ${url}, and a code from this value set is required`;

/** An element with a wrong cardinality. HealthLake writes its location as a FHIRPath. */
function brokenRule(resource: Resource, { instancePath, params }: ErrorObject): Issue {
  const { rule, profile, element } = params as BrokenRule;
  const { path } = placeOf(resource, instancePath);
  const problem = {
    missing: 'minimum required = 1, but only found 0',
    several: 'max allowed = 1, but found 2',
    emptyItem: 'an item that is null has no extension in its place',
  }[rule];
  const url = `http://hl7.org/fhir/StructureDefinition/${profile}`;
  return issue('error', `Profile ${url}, Element '${path}.${element}': ${problem}`, path);
}

/** The only FHIRPath constraint of R4 that is checked: the developer guide's sample shows its message. */
function nameWarnings({ resourceType, name }: Resource): Issue[] {
  if (!hasMachineName(resourceType) || typeof name !== 'string' || /^[A-Z]\w{0,254}$/.test(name)) return [];
  const text =
    'Name should be usable as an identifier for the module by machine processing applications such as code generation';
  return [issue('warning', `${text} [name.matches('[A-Z]([A-Za-z0-9_]){0,254}')]`, resourceType)];
}

function profileWarnings({ resourceType, meta }: Resource): Issue[] {
  const profiles = isRecord(meta) && Array.isArray(meta['profile']) ? meta['profile'] : [];
  return profiles
    .slice(0, MOST_ISSUES)
    .map((profile, i) =>
      issue(
        'warning',
        `Profile reference '${shortened(profile)}' has not been checked because it is unknown`,
        `${resourceType}.meta.profile[${i}]`,
      ),
    );
}

/** Extensions that HL7 defines count as known. */
function unknownExtensions(resource: Resource): Issue[] {
  const found: Issue[] = [];
  const look = (value: unknown, path: string): void => {
    if (found.length >= MOST_ISSUES || typeof value !== 'object' || value === null) return;
    const isExtension = /extension\[\d+\]$/i.test(path) && isRecord(value);
    const url = isExtension ? value['url'] : undefined;
    if (typeof url === 'string' && url.includes(':') && !url.startsWith('http://hl7.org/fhir/')) {
      found.push(issue('information', `Unknown extension ${shortened(url)}`, path));
    }
    if (Array.isArray(value)) for (const [i, item] of value.entries()) look(item, `${path}[${i}]`);
    else for (const [name, item] of Object.entries(value)) look(item, `${path}.${name}`);
  };
  look(resource, resource.resourceType);
  return found;
}

/** The value at a JSON pointer, and its path: `Patient.name[0].given`. */
function placeOf(resource: Resource, pointer: string): { value: unknown; path: string } {
  let value: unknown = resource;
  let path = resource.resourceType;
  for (const part of pointer.split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    path += Array.isArray(value) ? `[${name}]` : `.${name}`;
    value = (value as Readonly<Record<string, unknown>>)[name];
  }
  return { value, path };
}

function shortened(value: unknown): string {
  const text = String(value);
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
}
