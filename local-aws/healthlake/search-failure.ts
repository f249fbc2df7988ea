import type { JsonFacts } from './json-text.ts';
import type { Issue } from './r4/issues.ts';

/**
 * A resource that breaks R4, as the validation level `minimal` keeps it: with an extension that says so. (HealthLake
 * developer guide, "Importing FHIR data": "These resources will have an `extension` appended to them describing said
 * failure". It shows none; its URL is the setting `fhirSearchFailureUrl`.)
 *
 * The rest of the text stays as it is. Where `extension` is no list, nothing can be appended.
 *
 * @param json - of an object that is not empty
 */
export function withSearchFailure(
  json: string,
  { extensionEnd }: JsonFacts,
  hasExtension: boolean,
  { url, issues }: { readonly url: string; readonly issues: readonly Issue[] },
): string {
  const errors = issues.filter(({ severity }) => severity === 'error');
  const valueString = errors.map(({ diagnostics }) => diagnostics).join('; ');
  const extension = JSON.stringify({ url, valueString });
  if (extensionEnd !== undefined) {
    const before = json.slice(0, extensionEnd).trimEnd();
    return `${before}${before.endsWith('[') ? '' : ','}${extension}${json.slice(extensionEnd)}`;
  }
  return hasExtension ? json : `${json.slice(0, -1).trimEnd()},"extension":[${extension}]}`;
}
