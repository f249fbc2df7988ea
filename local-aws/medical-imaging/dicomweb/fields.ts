import { invalid } from '../../errors.ts';
import type { Attributes } from '../dicom/attributes.ts';
import { hexTag, isPrivate, tagOf } from '../dicom/dictionary.ts';
import type { DicomElement } from './elements.ts';
import type { Condition } from './match.ts';

export type Level = 'study' | 'series' | 'instance';

const words = (text: string) => text.trim().split(/\s+/);

/** The attributes that a search returns without `includefield` (PS3.18 tables 10.6.3-3 to 10.6.3-5). */
const defaults: Readonly<Record<Level, readonly string[]>> = {
  study:
    words(`SpecificCharacterSet StudyDate StudyTime AccessionNumber InstanceAvailability ModalitiesInStudy
    ReferringPhysicianName TimezoneOffsetFromUTC RetrieveURL PatientName PatientID PatientBirthDate PatientSex
    StudyInstanceUID StudyID NumberOfStudyRelatedSeries NumberOfStudyRelatedInstances`),
  series:
    words(`SpecificCharacterSet Modality TimezoneOffsetFromUTC SeriesDescription RetrieveURL SeriesInstanceUID
    SeriesNumber NumberOfSeriesRelatedInstances PerformedProcedureStepStartDate PerformedProcedureStepStartTime
    RequestAttributesSequence`),
  instance:
    words(`SpecificCharacterSet SOPClassUID SOPInstanceUID InstanceAvailability TimezoneOffsetFromUTC RetrieveURL
    InstanceNumber Rows Columns BitsAllocated NumberOfFrames`),
};

/**
 * The attributes that `includefield=all` adds for a study, and for a series in addition to these: HealthImaging developer guide,
 * `dicomweb-search` (docs/healthimaging/latest/devguide/dicomweb-search.md in crowecawcaw/aws-docs-history, commit 40a87e27).
 * For an instance it returns every attribute.
 */
const all: Readonly<Record<'study' | 'series', readonly string[]>> = {
  study:
    words(`00080005 00080020 00080030 00080050 00080051 00080056 00080061 00080062 00080090 0008009C 00080201
    00081030 00081032 00081048 00081060 00081080 00081190 00100010 00100020 00100021 00100022 00100024 00100026
    00100027 00100028 00100030 00100032 00100033 00100034 00100035 00100040 00100050 00100101 00100102 00100200
    00100201 00100213 00100214 00100215 00100217 00100219 00100223 00100229 00101001 00101005 00101010 00101020
    00101021 00101022 00101023 00101024 00101030 00101040 00101060 00101080 00101081 00102000 00102110 00102150
    00102152 00102154 00102160 00102180 001021A0 001021C0 001021D0 001021F0 00102201 00102202 00102203 00102210
    00102292 00102293 00102295 00102296 00102297 00102298 00102299 00109431 0020000D 00200010 00201206 00201208
    00321032 00321033 00321034 00321060 00321064 00321070 00380010 00380016 00380020 00380021 00380050 00380060
    00380062 00380300 00380400 00380500 00400244 00400245 00400250 00400251 00400253 00401012`),
  series:
    words(`00080021 00080031 00080060 00080064 00080068 00080070 00080080 00080082 00081010 0008103E 0008103F
    00081040 00081041 00081050 00081070 00081090 00180010 00180015 00180050 00180088 00181000 00181016 00181018
    00181019 00181020 00181030 00181050 00181200 00181201 00185100 0020000D 0020000E 00200011 00200052 00200060
    00201209 00540081 00540101 00541000`),
};

/** The attributes by which each search can filter: tables of AWS's pages `dicomweb-search-studies` and the others. */
const studyKeys =
  words(`StudyDate StudyTime AccessionNumber ModalitiesInStudy ReferringPhysicianName StudyDescription
  PatientName PatientID PatientBirthDate PatientBirthTime StudyInstanceUID StudyID`);
const allSeriesKeys = [
  ...studyKeys,
  ...words(
    `Modality SeriesInstanceUID SeriesNumber PerformedProcedureStepStartDate PerformedProcedureStepStartTime`,
  ),
];
export const searchKeys = {
  SearchDICOMStudies: studyKeys,
  SearchDICOMSeries: words('Modality SeriesInstanceUID'),
  SearchDICOMInstances: words('SOPClassUID SOPInstanceUID WarningReason'),
  SearchDICOMAllSeries: allSeriesKeys,
  SearchDICOMStudyInstances: [...allSeriesKeys, ...words('SOPClassUID SOPInstanceUID')],
  SearchDICOMAllInstances: [...allSeriesKeys, ...words('SOPClassUID SOPInstanceUID')],
};

/** The attributes to return, by tag. For a sequence, a nested map selects attributes of its items. */
type Fields = Map<number, Fields | 'whole'>;

const MAX_FIELDS = 50;

/**
 * The attributes that a search returns.
 *
 * @param levels - the level that is searched, then those above it that the path does not name: series and study for `/series`
 * @returns undefined if all attributes are to be returned
 * @throws ServiceError ValidationException if `includefield` names more than 50 attributes
 */
export function fieldsOf(
  query: URLSearchParams,
  levels: readonly Level[],
  conditions: readonly Condition[],
): Fields | undefined {
  const wanted = query.getAll('includefield').flatMap((list) => list.split(','));
  if (wanted.length > MAX_FIELDS) throw invalid(`A search has ${MAX_FIELDS} includefield at the most.`);
  const fields: Fields = new Map();
  const show = (name: string) => add(fields, name.split('.'));
  for (const level of levels) defaults[level].forEach(show);
  for (const { keyword } of conditions) show(keyword);
  if (wanted.includes('all')) {
    if (levels.includes('instance')) return undefined;
    if (levels.includes('series')) all.series.forEach(show);
    all.study.forEach(show);
    return fields;
  }
  wanted.forEach(show);
  for (const name of query.keys()) if (isCreator(name)) show(name);
  return fields;
}

/** Ignores a name that is neither a keyword nor a tag, as AWS does. */
function add(fields: Fields, [name = '', ...inner]: readonly string[]): void {
  const tag = tagOf(name);
  if (tag === undefined) return;
  const known = fields.get(tag);
  if (inner.length === 0) fields.set(tag, 'whole');
  else if (known !== 'whole') {
    const below: Fields = known ?? new Map();
    fields.set(tag, below);
    add(below, inner);
  }
}

/** Only the elements that `fields` selects. */
export function shown(
  elements: readonly DicomElement[],
  fields: Fields | undefined,
): readonly DicomElement[] {
  if (!fields) return elements;
  return elements.flatMap((element): DicomElement[] => {
    const field = fields.get(element.tag);
    if (!field) return [];
    if (field === 'whole' || !('items' in element)) return [element];
    return [{ ...element, items: element.items.map((item) => shown(item, field)) }];
  });
}

/**
 * Whether a query parameter is the tag of a private creator. `00190010=Philips` says that the query means private attributes of
 * Philips by the tags 00191000 to 001910FF.
 */
export function isCreator(name: string): boolean {
  const tag = /^[0-9a-f]{8}$/i.test(name) ? Number.parseInt(name, 16) : 0;
  return isPrivate(tag) && (tag & 0xffff) >= 0x10 && (tag & 0xffff) <= 0xff;
}

/**
 * Leaves out private elements, unless the query names their private creator and the instance has the same one: with another
 * creator the same tag has another meaning.
 */
export function withoutForeign(
  elements: readonly DicomElement[],
  attributes: Attributes,
  query: URLSearchParams,
): DicomElement[] {
  const creators = new Map([...query].filter(([name]) => isCreator(name)));
  return elements.filter(({ tag }) => {
    if (!isPrivate(tag)) return true;
    const name = hexTag(tag);
    const creator = isCreator(name) ? name : hexTag((tag & 0xffff0000) + ((tag & 0xffff) >>> 8));
    const wanted = creators.get(creator) ?? creators.get(creator.toLowerCase());
    return wanted !== undefined && attributes[creator] === wanted;
  });
}
