import type { FuncKeywordDefinition } from 'ajv';

/** What FHIR says of the elements of a type and a JSON schema cannot say well, for the keyword `fhirElements`. */
export interface ElementRules {
  /** The StructureDefinition in which the rules stand. */
  readonly profile: string;
  /** Elements that must be there. A primitive may be there as its extensions alone (`_status`). */
  readonly required: string[];
  /** Elements of which only one type may be there, such as `value[x]`. */
  readonly choices: { readonly name: string; readonly of: readonly string[] }[];
  /** Lists of primitives: each `null` stands for a value that has extensions in its place. */
  readonly lists: string[];
}

/** What a resource breaks: an element is missing, is there with several types, or has a `null` that stands for nothing. */
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
  // The names are made once: this runs for every object of 50,000 resources.
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

  /** Goes by what is there: of `Extension.value[x]` alone there are 50 types. */
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
