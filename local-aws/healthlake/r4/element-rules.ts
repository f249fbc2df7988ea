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
  const choiceOf = new Map(choices.flatMap(({ name, of }) => of.map((choice) => [choice, name] as const)));
  const requiredChoices = required.filter((name) => name.endsWith('[x]'));
  const requiredNames = required.filter((name) => !name.endsWith('[x]'));

  const check: Check = (data: Data) => {
    const broken: BrokenRule[] = [];
    for (const element of requiredNames) {
      if (data[element] === undefined && data[`_${element}`] === undefined) {
        broken.push({ rule: 'missing', profile, element });
      }
    }
    for (const element of lists) {
      if (hasEmptyItem(data[element], data[`_${element}`]))
        broken.push({ rule: 'emptyItem', profile, element });
    }
    if (choiceOf.size > 0) checkChoices(data, broken);
    check.errors = broken.map((params) => ({ keyword: 'fhirElements', params }));
    return broken.length === 0;
  };

  /** Goes by what is there: of `Extension.value[x]` alone there are 50 types. */
  function checkChoices(data: Data, broken: BrokenRule[]): void {
    const found = new Map<string, string>();
    for (const key of Object.keys(data)) {
      const name = key.startsWith('_') ? key.slice(1) : key;
      const element = choiceOf.get(name);
      if (element === undefined) continue;
      if ((found.get(element) ?? name) !== name) broken.push({ rule: 'several', profile, element });
      found.set(element, name);
    }
    for (const element of requiredChoices) {
      if (!found.has(element)) broken.push({ rule: 'missing', profile, element });
    }
  }
  return check;
}

/** Whether a list of primitives has a `null` without an extension at the same place. (FHIR R4, "JSON", 2.6.2.3.) */
const hasEmptyItem = (values: unknown, extensions: unknown) =>
  Array.isArray(values) &&
  values.some((value, i) => value === null && !(Array.isArray(extensions) && Boolean(extensions[i])));
