import type { JsonFacts } from './json-text.ts';
import type { Issue } from './r4/issues.ts';

/**
 * Appends an extension to a resource that violates R4, as the validation level `minimal` does. (HealthLake developer guide,
 * "Importing FHIR data": "These resources will have an `extension` appended to them describing said failure". The guide
 * shows no example, so the URL is the setting `fhirSearchFailureUrl`.)
 *
 * The rest of the text stays unchanged. If `extension` is not a list, the whole text does.
 *
 * @param json - an object with at least one member
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
