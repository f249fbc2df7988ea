import type * as MedicalImaging from '@aws-sdk/client-medical-imaging';
import { invalid } from '../errors.ts';
import { pageOf, type Order } from '../paging.ts';
import type { Handlers, InputOf } from '../protocols/operations.ts';
import type { World } from '../world.ts';
import { requireActive } from './datastore.ts';
import type { Attributes } from './dicom/attributes.ts';
import { imageSetsOf, metadataTable, stateOf, type ImageSet } from './image-set.ts';
import { instancesOf, type Metadata } from './metadata.ts';

type Criteria = NonNullable<InputOf<typeof MedicalImaging, 'SearchImageSets'>['searchCriteria']>;
type Filter = NonNullable<Criteria['filters']>[number];

/** An image set by what can be searched for, each value comparable as text or number. */
interface Found {
  readonly set: ImageSet;
  readonly metadata: Metadata;
  readonly values: Readonly<Record<string, string | number | boolean>>;
}

export function searchHandlers(world: World) {
  return {
    SearchImageSets({ datastoreId, searchCriteria, maxResults, nextToken }) {
      requireActive(world, datastoreId);
      const { filters = [], sort = { sortField: 'updatedAt', sortOrder: 'DESC' } } = searchCriteria ?? {};
      checkCombination(filters);
      const found = searchable(world, datastoreId).filter((candidate) =>
        filters.every((filter) => matches(candidate, filter)),
      );
      const order: Order<Found> = {
        by: ({ values }) => values[sort.sortField] ?? '',
        id: ({ set }) => set.imageSetId,
        ascending: sort.sortOrder === 'ASC',
      };
      const page = pageOf(found, order, { size: maxResults, token: nextToken });
      return { ...page, imageSetsMetadataSummaries: page.items.map(summaryOf), sort };
    },
  } satisfies Partial<Handlers<typeof MedicalImaging>>;
}

function searchable(world: World, datastoreId: string): Found[] {
  return imageSetsOf(world, datastoreId).flatMap((set) => {
    const { imageSetState, metadata: key } = stateOf(set);
    const metadata = key === undefined ? undefined : metadataTable(world).get(key);
    return imageSetState === 'DELETED' || !metadata
      ? []
      : [{ set, metadata, values: valuesOf(set, metadata) }];
  });
}

function valuesOf(set: ImageSet, metadata: Metadata): Found['values'] {
  const { Patient, Study } = metadata;
  return {
    DICOMPatientId: text(Patient.DICOM, 'PatientID'),
    DICOMAccessionNumber: text(Study.DICOM, 'AccessionNumber'),
    DICOMStudyId: text(Study.DICOM, 'StudyID'),
    DICOMStudyInstanceUID: text(Study.DICOM, 'StudyInstanceUID'),
    DICOMSeriesInstanceUID: Object.keys(Study.Series)[0] ?? '',
    DICOMStudyDateAndTime: `${text(Study.DICOM, 'StudyDate')}${text(Study.DICOM, 'StudyTime')}`,
    createdAt: set.createdAt,
    updatedAt: stateOf(set).from,
    isPrimary: set.isPrimary,
  };
}

/** The documented searches: one attribute, or one attribute and a range of dates. */
function checkCombination(filters: readonly Filter[]): void {
  const operators = filters.map(({ operator }) => operator);
  if (operators.length > 1 && operators.toSorted().join() !== 'BETWEEN,EQUAL') {
    throw invalid('searchCriteria.filters takes one filter, or one EQUAL and one BETWEEN.');
  }
  for (const { operator, values } of filters) {
    const names = new Set(values.map((value) => comparable(value)[0]));
    const expected = operator === 'BETWEEN' ? 2 : 1;
    if (values.length !== expected || names.size > 1) {
      throw invalid(`searchCriteria.filters.values has ${expected} of one attribute for ${operator}.`);
    }
    if (operator === 'BETWEEN' && [...names].some((name) => !dates.includes(name))) {
      throw invalid(`searchCriteria.filters.values has one of ${dates.join(', ')} for BETWEEN.`);
    }
  }
}

const dates = ['createdAt', 'updatedAt', 'DICOMStudyDateAndTime'];

function matches({ values }: Found, { operator, values: wanted }: Filter): boolean {
  const [[name, low] = ['', ''], [, high] = ['', '']] = wanted.map(comparable);
  const value = values[name] ?? '';
  if (operator === 'EQUAL') return value === low;
  if (value < low) return false;
  // A day without a time ends with the day: every time of it starts with that day.
  return typeof value === 'string' ? value <= high || value.startsWith(String(high)) : value <= high;
}

/** The one member of a search value that is set, as {@link valuesOf} has it. */
function comparable(member: Filter['values'][number]): [name: string, value: string | number | boolean] {
  const [name, value] = Object.entries(member).find(([, each]) => each !== undefined) ?? ['', ''];
  if (value instanceof Date) return [name, value.getTime()];
  if (typeof value !== 'object') return [name, value];
  return [name, `${value.DICOMStudyDate}${value.DICOMStudyTime ?? ''}`];
}

function summaryOf({ set, metadata: { Patient, Study }, metadata }: Found) {
  const { versionId, from } = stateOf(set);
  const series = Object.values(Study.Series)[0]?.DICOM ?? {};
  return {
    imageSetId: set.imageSetId,
    version: Number(versionId),
    createdAt: new Date(set.createdAt),
    updatedAt: new Date(from),
    isPrimary: set.isPrimary,
    DICOMTags: {
      DICOMPatientId: text(Patient.DICOM, 'PatientID'),
      DICOMPatientName: text(Patient.DICOM, 'PatientName'),
      DICOMPatientBirthDate: text(Patient.DICOM, 'PatientBirthDate'),
      DICOMPatientSex: text(Patient.DICOM, 'PatientSex'),
      DICOMStudyInstanceUID: text(Study.DICOM, 'StudyInstanceUID'),
      DICOMStudyId: text(Study.DICOM, 'StudyID'),
      DICOMStudyDescription: text(Study.DICOM, 'StudyDescription'),
      DICOMNumberOfStudyRelatedSeries: Object.keys(Study.Series).length,
      DICOMNumberOfStudyRelatedInstances: Object.keys(instancesOf(metadata)).length,
      DICOMAccessionNumber: text(Study.DICOM, 'AccessionNumber'),
      DICOMSeriesInstanceUID: Object.keys(Study.Series)[0],
      DICOMSeriesModality: text(series, 'Modality'),
      DICOMSeriesBodyPart: text(series, 'BodyPartExamined'),
      DICOMSeriesNumber: Number(text(series, 'SeriesNumber')) || 0,
      DICOMStudyDate: text(Study.DICOM, 'StudyDate'),
      DICOMStudyTime: text(Study.DICOM, 'StudyTime'),
    },
  };
}

function text(attributes: Attributes, keyword: string): string {
  const value = attributes[keyword];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
