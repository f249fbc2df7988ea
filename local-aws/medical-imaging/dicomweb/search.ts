import { invalid } from '../../errors.ts';
import type { HttpReply } from '../../protocols/http.ts';
import type { World } from '../../world.ts';
import { hexTag, keywordOf, tagOf } from '../dicom/dictionary.ts';
import type { Summary } from '../summary.ts';
import { requireJson } from './accept.ts';
import { dicomJson } from './dicom-json.ts';
import { elementsOf } from './elements.ts';
import { fieldsOf, isCreator, searchKeys, shown, withoutForeign, type Level } from './fields.ts';
import { meets, type Condition } from './match.ts';
import type { DicomWebRequest } from './protocol.ts';
import { jsonReply } from './retrieve.ts';
import { newestFirst, numberFirst, resources, type Order } from './resources.ts';
import { instanceUrl } from './urls.ts';

type Search = keyof typeof searchKeys;

/**
 * For each search, the level that it finds, the levels above whose attributes it returns too, and the order of its results:
 * HealthImaging developer guide, `dicomweb-search`.
 */
const searches: Readonly<
  Record<Search, { readonly levels: readonly [Level, ...Level[]]; readonly by: Order }>
> = {
  SearchDICOMStudies: { levels: ['study'], by: newestFirst },
  SearchDICOMSeries: { levels: ['series'], by: numberFirst('SeriesNumber') },
  SearchDICOMAllSeries: { levels: ['series', 'study'], by: numberFirst('SeriesNumber') },
  SearchDICOMInstances: { levels: ['instance'], by: numberFirst('InstanceNumber') },
  SearchDICOMStudyInstances: { levels: ['instance', 'series'], by: newestFirst },
  SearchDICOMAllInstances: { levels: ['instance', 'series', 'study'], by: numberFirst('InstanceNumber') },
};

/** The searches of QIDO-RS (PS3.18 section 10.6) that HealthImaging supports. */
export function searchHandlers(world: World) {
  const handler = (search: Search) => (request: DicomWebRequest) =>
    Promise.resolve(answer(world, search, request));
  return {
    SearchDICOMStudies: handler('SearchDICOMStudies'),
    SearchDICOMSeries: handler('SearchDICOMSeries'),
    SearchDICOMAllSeries: handler('SearchDICOMAllSeries'),
    SearchDICOMInstances: handler('SearchDICOMInstances'),
    SearchDICOMStudyInstances: handler('SearchDICOMStudyInstances'),
    SearchDICOMAllInstances: handler('SearchDICOMAllInstances'),
  };
}

function answer(world: World, search: Search, request: DicomWebRequest): HttpReply {
  const { datastoreId, query } = request;
  requireJson(request.accept);
  const conditions = conditionsOf(world, search, query);
  const { levels, by } = searches[search];
  const fields = fieldsOf(query, levels, conditions);
  const { limit, offset } = pageOf(query);
  const fuzzy = query.get('fuzzymatching') === 'true';
  const found = resources(world, levels[0], request, (summary) => mayMeet(summary, conditions, fuzzy))
    .filter(({ attributes }) => conditions.every((condition) => meets(attributes, condition, fuzzy)))
    .sort(by)
    .slice(offset, offset + limit);
  return jsonReply(
    found.map(({ attributes, of }) => {
      const elements = shown(elementsOf(attributes, of.instance.DICOMVRs), fields);
      const bulk = {
        instanceUrl: instanceUrl(world, datastoreId, of),
        maxInlineBytes: world.settings.dicomWebInlineBytes,
        query: '',
      };
      return dicomJson(fields ? withoutForeign(elements, attributes, query) : elements, bulk);
    }),
  );
}

/** The attributes in the summary of an image set, which is in memory. */
const inSummary: Readonly<Partial<Record<string, keyof Summary>>> = {
  PatientID: 'DICOMPatientId',
  PatientName: 'DICOMPatientName',
  PatientBirthDate: 'DICOMPatientBirthDate',
  StudyInstanceUID: 'DICOMStudyInstanceUID',
  StudyID: 'DICOMStudyId',
  StudyDate: 'DICOMStudyDate',
  StudyTime: 'DICOMStudyTime',
  StudyDescription: 'DICOMStudyDescription',
  AccessionNumber: 'DICOMAccessionNumber',
  SeriesInstanceUID: 'DICOMSeriesInstanceUID',
  Modality: 'DICOMSeriesModality',
};

/**
 * Whether an image set may meet the conditions, as far as its summary shows. A text of the summary is empty not only if the
 * attribute is missing, but also if it has several values.
 */
function mayMeet(summary: Summary, conditions: readonly Condition[], fuzzy: boolean): boolean {
  return conditions.every((condition) => {
    const member = inSummary[condition.keyword];
    const value = member === undefined ? '' : summary[member];
    return value === '' || meets({ [condition.keyword]: value }, condition, fuzzy);
  });
}

/** Query parameters that are not attributes. Those that begin with X-Amz- are the signature of a presigned URL. */
const options = /^(limit|offset|fuzzymatching|includefield|imageSetId|X-Amz-.*)$/;

/** @throws ServiceError ValidationException for a parameter that is no attribute, or one by which the search cannot filter */
function conditionsOf({ settings }: World, search: Search, query: URLSearchParams): Condition[] {
  const listed = searchKeys[search];
  return [...query].flatMap(([name, wanted]) => {
    if (options.test(name) || isCreator(name)) return [];
    const tag = tagOf(name);
    const keyword = tag === undefined ? undefined : (keywordOf(tag) ?? hexTag(tag));
    const isKnown =
      keyword !== undefined && (settings.dicomWebSearchKeys === 'any' || listed.includes(keyword));
    if (!isKnown) {
      throw invalid(`${search} does not search for ${name}; it does for ${listed.join(', ')}, also by tag.`);
    }
    return [{ keyword, wanted }];
  });
}

const MAX_LIMIT = 1000;
const MAX_OFFSET = 1_000_000;

function pageOf(query: URLSearchParams): { limit: number; offset: number } {
  const number = (name: string, standard: number, [min, max]: readonly [number, number]) => {
    const text = query.get(name) ?? String(standard);
    const value = /^\d{1,9}$/.test(text) ? Number(text) : -1;
    if (value < min || value > max) throw invalid(`${name} is a number from ${min} to ${max}.`);
    return value;
  };
  return { limit: number('limit', MAX_LIMIT, [1, MAX_LIMIT]), offset: number('offset', 0, [0, MAX_OFFSET]) };
}
