/** Search criteria, and the image sets that they must find, determined by comparing all image sets without an index. */
import type { SearchCriteria, SearchFilter } from '@aws-sdk/client-medical-imaging';
import fc from 'fast-check';

/** The values that image sets have in the tests of searches. */
export const patients = ['A', 'B'];
export const studies = ['1.2', '1.3'];
export const dates = ['20230131', '20240131', '20240201'];
export const accessions = ['X1', 'X2'];

const equal = (value: SearchFilter['values']): SearchFilter => ({ operator: 'EQUAL', values: value });

const anyEqual: fc.Arbitrary<SearchFilter> = fc.oneof(
  fc.constantFrom(...patients).map((DICOMPatientId) => equal([{ DICOMPatientId }])),
  fc.constantFrom(...studies).map((DICOMStudyInstanceUID) => equal([{ DICOMStudyInstanceUID }])),
  fc.constantFrom(...accessions).map((DICOMAccessionNumber) => equal([{ DICOMAccessionNumber }])),
  fc.constantFrom('1.2.1', '1.3.2').map((DICOMSeriesInstanceUID) => equal([{ DICOMSeriesInstanceUID }])),
  fc.boolean().map((isPrimary) => equal([{ isPrimary }])),
);

const anyBetween: fc.Arbitrary<SearchFilter> = fc
  .tuple(fc.constantFrom(...dates), fc.constantFrom(...dates))
  .map(([low, high]) => ({
    operator: 'BETWEEN',
    values: [low, high].map((DICOMStudyDate) => ({ DICOMStudyDateAndTime: { DICOMStudyDate } })),
  }));

export const anyCriteria: fc.Arbitrary<SearchCriteria> = fc.record({
  filters: fc.oneof(
    anyEqual.map((filter) => [filter]),
    anyBetween.map((filter) => [filter]),
    fc.tuple(anyEqual, anyBetween),
  ),
  sort: fc.record({
    sortField: fc.constantFrom('updatedAt' as const, 'createdAt' as const, 'DICOMStudyDateAndTime' as const),
    sortOrder: fc.constantFrom('ASC' as const, 'DESC' as const),
  }),
});

/** The values of an image set as GetImageSet and GetImageSetMetadata return them, under the names that search criteria use. */
export type Seen = Readonly<Record<string, string | number | boolean>> & { readonly imageSetId: string };

export const sortOf = ({ sort }: SearchCriteria) => ({
  sortField: sort?.sortField ?? 'updatedAt',
  sortOrder: sort?.sortOrder ?? 'DESC',
});

/** The ids of the image sets that match, and the values of the sort field in the order in which a search must return them. */
export function matching(all: readonly Seen[], criteria: SearchCriteria) {
  const found = all.filter((seen) => (criteria.filters ?? []).every((filter) => holds(seen, filter)));
  const { sortField, sortOrder } = sortOf(criteria);
  const order = found
    .map((seen) => seen[sortField])
    .sort((a, b) => (a === b ? 0 : (a ?? 0) < (b ?? 0) ? -1 : 1));
  return {
    ids: found.map(({ imageSetId }) => imageSetId).sort(),
    order: sortOrder === 'ASC' ? order : order.toReversed(),
  };
}

function holds(seen: Seen, { operator, values = [] }: SearchFilter): boolean {
  const [low, high] = values;
  const [name = '', value] = Object.entries(low ?? {})[0] ?? [];
  if (operator === 'EQUAL') return seen[name] === value;
  const day = String(seen['DICOMStudyDateAndTime']).slice(0, 8);
  const [from = '', to = ''] = [low, high].map((each) => each?.DICOMStudyDateAndTime?.DICOMStudyDate);
  return from <= day && day <= to;
}
