import type { World } from '../../world.ts';
import { asText, type Attributes } from '../dicom/attributes.ts';
import { levelOf } from '../metadata-levels.ts';
import type { Summary } from '../summary.ts';
import type { Level } from './fields.ts';
import { findInstances, type Found } from './instances.ts';
import type { DicomWebRequest } from './protocol.ts';
import { instanceUrl, seriesUrl, studyUrl } from './urls.ts';

/** A study, a series or an instance, as a search finds it. */
export interface Resource {
  readonly attributes: Attributes;
  /** The instance itself, or the most recently changed instance of the study or series, which provides the attributes. */
  readonly of: Found;
}

export type Order = (a: Resource, b: Resource) => number;

function byUid(a: Resource, b: Resource): number {
  return a.of.instanceUid < b.of.instanceUid ? -1 : 1;
}

/** Sorts by the time of the last change, the most recent first. */
export function newestFirst(a: Resource, b: Resource): number {
  return b.of.updatedAt - a.of.updatedAt || byUid(a, b);
}

/** Sorts by the number in an attribute, ascending; resources without a number come last. */
export function numberFirst(keyword: string): Order {
  const numberOf = ({ attributes }: Resource) => {
    const number = Number.parseFloat(asText(attributes[keyword]));
    return Number.isNaN(number) ? Infinity : number;
  };
  return (a, b) => {
    const [first, second] = [numberOf(a), numberOf(b)];
    return first === second ? byUid(a, b) : first < second ? -1 : 1;
  };
}

/**
 * The studies, series or instances below the path of a search, before the conditions of the query are applied.
 *
 * @param mayMatch - as for {@link findInstances}: leaves out studies that cannot meet the conditions
 */
export function resources(
  world: World,
  level: Level,
  request: DicomWebRequest,
  mayMatch: (summary: Summary) => boolean,
): Resource[] {
  const { datastoreId } = request;
  const found = findInstances(world, request, mayMatch);
  const studies = grouped(found, ({ studyUid }) => studyUid).map((instances) => ({
    instances,
    counted: countedOfStudy(instances),
  }));
  return studies.flatMap(({ instances, counted }): Resource[] => {
    if (level === 'study') {
      const of = newest(instances);
      return [resource(of, { ...counted, RetrieveURL: studyUrl(world, datastoreId, of) }, isOfStudy)];
    }
    return grouped(instances, ({ seriesUid }) => seriesUid).flatMap((ofSeries) => {
      const ofLevel = { ...counted, NumberOfSeriesRelatedInstances: String(ofSeries.length) };
      if (level === 'instance') {
        return ofSeries.map((of) =>
          resource(of, { ...ofLevel, RetrieveURL: instanceUrl(world, datastoreId, of) }),
        );
      }
      const of = newest(ofSeries);
      return [resource(of, { ...ofLevel, RetrieveURL: seriesUrl(world, datastoreId, of) })];
    });
  });
}

const resource = (of: Found, made: Attributes, has: (keyword: string) => boolean = () => true): Resource => ({
  of,
  attributes: {
    ...Object.fromEntries(Object.entries(of.attributes).filter(([keyword]) => has(keyword))),
    InstanceAvailability: 'ONLINE',
    ...made,
  },
});

/** Attributes of the series level, such as Modality, are left out of a study: its series may have different ones. */
const isOfStudy = (keyword: string) => levelOf(keyword) !== 'series';

function countedOfStudy(instances: readonly Found[]): Attributes {
  const distinct = (keyword: string) =>
    [...new Set(instances.map(({ attributes }) => attributes[keyword]))].filter(
      (value) => typeof value === 'string',
    );
  return {
    ModalitiesInStudy: distinct('Modality'),
    SOPClassesInStudy: distinct('SOPClassUID'),
    NumberOfStudyRelatedSeries: String(new Set(instances.map(({ seriesUid }) => seriesUid)).size),
    NumberOfStudyRelatedInstances: String(instances.length),
  };
}

const newest = (instances: readonly Found[]): Found =>
  instances.reduce((last, each) => (each.updatedAt > last.updatedAt ? each : last));

function grouped(found: readonly Found[], keyOf: (found: Found) => string): Found[][] {
  const groups = new Map<string, Found[]>();
  for (const each of found) {
    const group = groups.get(keyOf(each));
    if (group) group.push(each);
    else groups.set(keyOf(each), [each]);
  }
  return [...groups.values()];
}
