/** Elements that are a date or a time in every resource type that has them. */
const DATES = new Set([
  'authoredOn',
  'birthDate',
  'deceasedDateTime',
  'effectiveDateTime',
  'issued',
  'occurrenceDateTime',
  'onsetDateTime',
  'performedDateTime',
  'recordedDate',
]);

/** `date`, `dateTime` and `instant` of FHIR R4 (datatypes, section 2.24.0.1), without the bounds of each number. */
const DATE = /^\d{4}(-\d\d(-\d\d(T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d))?)?)?$/;

/** Elements that are one code in every resource type that has them. */
const CODES = new Set(['gender', 'status']);

/**
 * What is wrong with the elements of a resource that searches go by: the first of them, without its value.
 *
 * Only elements that have one type in all of FHIR are looked at. Each is a search parameter of HealthLake.
 */
export function searchProblem(resourceType: string, resource: object): string | undefined {
  for (const [name, value] of Object.entries(resource)) {
    const wrong =
      (DATES.has(name) && !(typeof value === 'string' && DATE.test(value)) && 'a date or a time') ||
      (CODES.has(name) && typeof value !== 'string' && 'a code') ||
      (name === 'active' && typeof value !== 'boolean' && 'true or false');
    if (wrong) return `The element ${resourceType}.${name} is not ${wrong}`;
  }
  return undefined;
}
