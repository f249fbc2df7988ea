import type { ValidationLevel } from '@aws-sdk/client-healthlake';
import { isRecord } from '../../src/lib/guards.ts';
import type { Settings } from '../settings.ts';
import { jsonFacts, trimSpace, type JsonBounds } from './json-text.ts';
import { errorIssue, issuesOf, type Issue } from './r4/issues.ts';
import { R4Validator, type Resource } from './r4/validator.ts';
import { isSupported } from './resource-types.ts';
import { withSearchFailure } from './search-failure.ts';

export interface FhirResource {
  readonly resourceType: string;
  readonly id: string;
  /** The whole resource as it was given: parsing and writing it again would change its decimals. */
  readonly json: string;
}

/** What an import makes of a line: a resource, issues that tell why there is none, or at the level `minimal` both. */
export interface ReadLine {
  readonly resource?: FhirResource;
  readonly issues?: readonly Issue[];
}

export type FhirRules = Pick<Settings, 'maxFhirNesting' | 'fhirSearchFailureUrl'> & {
  readonly level: ValidationLevel;
};

/** The most members and items in a resource. Parsing this many takes about 200 MB of memory. */
const MOST_VALUES = 2_000_000;

const NO_JSON = 'Invalid JSON found in input file';

const EXCESS: Readonly<Record<keyof JsonBounds, string>> = {
  depth: 'The resource is nested too deeply',
  values: 'The resource has too many elements',
};

/** Reads a line of ndjson as an import at a validation level does. */
export function readResource(line: string, rules: FhirRules): ReadLine {
  const json = trimSpace(line);
  if (!json.startsWith('{')) return refused(NO_JSON);
  const facts = jsonFacts(json, { depth: rules.maxFhirNesting, values: MOST_VALUES });
  if (facts.excess) return refused(EXCESS[facts.excess]);
  const content = parsed(json);
  if (!isRecord(content)) return refused(NO_JSON);
  if (facts.repeated !== undefined)
    return refused(`Duplicated property name: ${facts.repeated.slice(0, 100)}`);
  const { resourceType, id } = content;
  const problem = typeProblem(resourceType) ?? idProblem(id);
  if (problem !== undefined) return refused(problem);

  const issues = r4Issues(content as Resource, json.length, rules.level === 'strict');
  const resource = { resourceType: String(resourceType), id: String(id), json };
  if (issues.length === 0) return { resource };
  if (rules.level !== 'minimal') return { issues };
  const failure = { url: rules.fhirSearchFailureUrl, issues };
  return {
    resource: { ...resource, json: withSearchFailure(json, facts, 'extension' in content, failure) },
    issues,
  };
}

const refused = (diagnostics: string): ReadLine => ({ issues: [errorIssue(diagnostics)] });

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

const breach = (count: number, problems: string) =>
  `${count} validation error${count > 1 ? 's' : ''} detected: ${problems}`;

/** Has the wording of HealthLake's developer guide ("Troubleshooting") for the cases that its sample shows. */
function typeProblem(resourceType: unknown): string | undefined {
  const at = "at 'resourceType' failed to satisfy constraint: Member must";
  if (resourceType === undefined || resourceType === null) return breach(1, `Value ${at} not be null`);
  if (typeof resourceType !== 'string' || !/^[A-Za-z]{1,256}$/.test(resourceType)) {
    const value = (typeof resourceType === 'string' ? resourceType : JSON.stringify(resourceType)).slice(
      0,
      256,
    );
    return breach(1, `Value '${value}' ${at} satisfy regular expression pattern: [A-Za-z]{1,256}`);
  }
  return isSupported(resourceType) ? undefined : `The resource type '${resourceType}' is not supported`;
}

function idProblem(id: unknown): string | undefined {
  if (id === undefined || id === null) return 'Missing required id field in resource json';
  if (typeof id === 'string' && /^[A-Za-z0-9.-]{1,64}$/.test(id)) return undefined;
  const member = "Value at 'resourceId' failed to satisfy constraint: Member must";
  const pattern = `${member} satisfy regular expression pattern: [A-Za-z0-9-.]{1,64}`;
  if (id === '') return breach(2, `${pattern}; ${member} have length greater than or equal to 1`);
  if (typeof id === 'string' && id.length > 64) {
    return breach(2, `${pattern}; ${member} have length less than or equal to 64`);
  }
  return breach(1, pattern);
}

/** In a longer resource validation stops at the first error: collecting a million errors would exhaust the memory. */
const ALL_ERRORS_UP_TO = 256 * 1024;

let validators: { readonly all: R4Validator; readonly first: R4Validator } | undefined;

/** The issues of a resource that violates R4; none if it only gives cause for warnings. */
function r4Issues(resource: Resource, length: number, goesByProfile: boolean): readonly Issue[] {
  // Created for the first resource, so that servers without FHIR imports start faster.
  validators ??= { all: new R4Validator({ allErrors: true }), first: new R4Validator({ allErrors: false }) };
  try {
    const errors = (length > ALL_ERRORS_UP_TO ? validators.first : validators.all).errorsOf(resource);
    return errors.length === 0 ? [] : issuesOf(resource, errors, goesByProfile);
  } catch (error) {
    // The stack is exhausted, which only a higher `maxFhirNesting` than the default allows.
    if (error instanceof RangeError) return [errorIssue(EXCESS.depth)];
    throw error;
  }
}
