import type { FuncKeywordDefinition } from 'ajv';

/** Rules about the elements of a type that JSON Schema expresses badly; the value of the keyword `fhirElements`. */
export interface ElementRules {
  /** The StructureDefinition in which the rules stand. */
  readonly profile: string;
  /** Elements with a minimum cardinality of 1. A primitive may consist of extensions only (`_status`). */
  readonly required: string[];
  /** Elements that may have only one of several types, such as `value[x]`. */
  readonly choices: { readonly name: string; readonly of: readonly string[] }[];
  /** Lists of primitives, in which `null` requires an extension at the same index. */
  readonly lists: string[];
}

/** A violation: an element is missing, has several types, or has a `null` without an extension. */
export interface BrokenRule {
  readonly rule: 'missing' | 'several' | 'emptyItem';
  readonly profile: string;
  readonly element: string;
}

type Data = Readonly<Record<string, unknown>>;
/** What `ajv` calls with the data, and finds the errors at. */
export type Check = ReturnType<NonNullable<FuncKeywordDefinition['compile']>>;

/** Makes the function that `ajv` calls for each object of a type. */
export function elementRules({ profile, required, choices, lists }: ElementRules): Check {
  const requiredChoices = required.filter((name) => name.endsWith('[x]'));
  // The names are built once, because the check runs for every object of every resource.
  const requiredNames = withExtensions(required.filter((name) => !name.endsWith('[x]')));
  const listNames = withExtensions(lists);
  const choiceOf = new Map(
    choices.flatMap(({ name: element, of }) =>
      withExtensions(of).flatMap(([name, extensions]) => [
        [name, { element, name }] as const,
        [extensions, { element, name }] as const,
      ]),
    ),
  );

  const check: Check = (data: Data) => {
    const broken: BrokenRule[] = [];
    for (const [element, extensions] of requiredNames) {
      if (data[element] === undefined && data[extensions] === undefined) {
        broken.push({ rule: 'missing', profile, element });
      }
    }
    for (const [element, extensions] of listNames) {
      if (hasEmptyItem(data[element], data[extensions])) broken.push({ rule: 'emptyItem', profile, element });
    }
    if (choiceOf.size > 0) checkChoices(data, broken);
    if (broken.length === 0) return true;
    check.errors = broken.map((params) => ({ keyword: 'fhirElements', params }));
    return false;
  };

  /** Iterates over the members of the object: `Extension.value[x]` alone has 50 types. */
  function checkChoices(data: Data, broken: BrokenRule[]): void {
    const found = new Map<string, string>();
    for (const key of Object.keys(data)) {
      const choice = choiceOf.get(key);
      if (!choice) continue;
      const { element, name } = choice;
      if ((found.get(element) ?? name) !== name) broken.push({ rule: 'several', profile, element });
      found.set(element, name);
    }
    for (const element of requiredChoices) {
      if (!found.has(element)) broken.push({ rule: 'missing', profile, element });
    }
  }
  return check;
}

/** Each name with that of its extensions, where it is a primitive. (FHIR R4, "JSON", 2.6.2.2.) */
const withExtensions = (names: readonly string[]) => names.map((name) => [name, `_${name}`] as const);

/** Whether a list of primitives has a `null` without an extension at the same place. (FHIR R4, "JSON", 2.6.2.3.) */
const hasEmptyItem = (values: unknown, extensions: unknown) =>
  Array.isArray(values) &&
  values.some((value, i) => value === null && !(Array.isArray(extensions) && Boolean(extensions[i])));
