import type * as MedicalImaging from '@aws-sdk/client-medical-imaging';
import { invalid } from '../errors.ts';
import { pageOf, type Order } from '../paging.ts';
import type { Handlers, InputOf } from '../protocols/operations.ts';
import type { World } from '../world.ts';
import { requireActive } from './datastore.ts';
import {
  imageSetsBy,
  imageSetsOf,
  isIndexed,
  stateOf,
  type ImageSet,
  type ImageSetPhase,
} from './image-set.ts';
import { summaryIn } from './metadata-store.ts';
import type { Summary } from './summary.ts';

type Criteria = NonNullable<InputOf<typeof MedicalImaging, 'SearchImageSets'>['searchCriteria']>;
type Filter = NonNullable<Criteria['filters']>[number];

/** An image set that is not deleted, with its current state and the summary of its current metadata. */
interface Found {
  readonly set: ImageSet;
  readonly state: ImageSetPhase;
  readonly summary: Summary;
}

/** A value that filters compare: a text, a time in milliseconds, or `isPrimary`. */
type Value = string | number | boolean;

export function searchHandlers(world: World) {
  return {
    SearchImageSets({ datastoreId, searchCriteria, maxResults, nextToken }) {
      requireActive(world, datastoreId);
      const { filters = [], sort = { sortField: 'updatedAt', sortOrder: 'DESC' } } = searchCriteria ?? {};
      checkCombination(filters);
      const order: Order<Found> = {
        by: (found) => valueOf(found, sort.sortField),
        id: ({ set }) => set.imageSetId,
        ascending: sort.sortOrder === 'ASC',
      };
      const found = search(world, datastoreId, filters);
      const page = pageOf(found, order, { size: maxResults, token: nextToken });
      const imageSetsMetadataSummaries = page.items.map(summaryOf);
      return { ...page, imageSetsMetadataSummaries, sort };
    },
  } satisfies Partial<Handlers<typeof MedicalImaging>>;
}

function* search(world: World, datastoreId: string, filters: readonly Filter[]): Generator<Found> {
  const tests = filters.map(toTest);
  for (const set of candidates(world, datastoreId, filters)) {
    const state = stateOf(set);
    const summary = summaryIn(set, state);
    if (state.imageSetState === 'DELETED' || !summary) continue;
    const found = { set, state, summary };
    if (tests.every(({ name, holds }) => holds(valueOf(found, name)))) yield found;
  }
}

/** The image sets that the filters may match: from an index if an EQUAL filter has one, otherwise all of the data store. */
function candidates(world: World, datastoreId: string, filters: readonly Filter[]): Iterable<ImageSet> {
  for (const { operator, values } of filters) {
    const [name = '', value] = values.map(comparable)[0] ?? [];
    if (operator !== 'EQUAL' || !isIndexed(name)) continue;
    return imageSetsBy(world, datastoreId, name, String(value));
  }
  return imageSetsOf(world, datastoreId);
}

function valueOf({ set, state, summary }: Found, name: string): Value {
  if (name === 'updatedAt') return state.from;
  if (name === 'createdAt' || name === 'isPrimary') return set[name];
  if (name === 'DICOMStudyDateAndTime') return `${summary.DICOMStudyDate}${summary.DICOMStudyTime}`;
  return isIndexed(name) ? summary[name] : '';
}

/** Refuses combinations of filters that AWS does not document: a search has one filter, or one EQUAL and one BETWEEN. */
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

/** The name of the attribute that a filter is about, and a test for its value. */
function toTest({ operator, values }: Filter): { name: string; holds: (value: Value) => boolean } {
  const [[name, low] = ['', ''], [, high] = ['', '']] = values.map(comparable);
  if (operator === 'EQUAL') return { name, holds: (value) => value === low };
  // An upper bound without a time includes its whole day: 20260115 matches 20260115093000.
  const isInDay = (value: Value) => typeof value === 'string' && value.startsWith(String(high));
  return { name, holds: (value) => value >= low && (value <= high || isInDay(value)) };
}

/** The only member of a search value that is set, with its value in the form that {@link valueOf} returns. */
function comparable(member: Filter['values'][number]): [name: string, value: Value] {
  const [name, value] = Object.entries(member).find(([, each]) => each !== undefined) ?? ['', ''];
  if (value instanceof Date) return [name, value.getTime()];
  if (typeof value !== 'object') return [name, value];
  return [name, `${value.DICOMStudyDate}${value.DICOMStudyTime ?? ''}`];
}

function summaryOf({ set, state, summary }: Found) {
  return {
    imageSetId: set.imageSetId,
    version: Number(state.versionId),
    createdAt: new Date(set.createdAt),
    updatedAt: new Date(state.from),
    isPrimary: set.isPrimary,
    DICOMTags: summary,
  };
}
