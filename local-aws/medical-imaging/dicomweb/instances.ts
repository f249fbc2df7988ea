import { notFound } from '../../errors.ts';
import type { World } from '../../world.ts';
import { asText } from '../dicom/attributes.ts';
import {
  imageSetsBy,
  imageSetsOf,
  requireImageSet,
  stateOf,
  type ImageSet,
  type ImageSetPhase,
} from '../image-set.ts';
import { notYetConsistent, requireMetadata, summaryIn } from '../metadata-store.ts';
import { viewsOf, type InstanceView } from '../metadata.ts';
import type { Summary } from '../summary.ts';
import type { DicomWebRequest } from './protocol.ts';

/** An instance of an image set, with the UIDs by which DICOMweb names it. */
export interface Found extends InstanceView {
  readonly studyUid: string;
  readonly seriesUid: string;
  readonly instanceUid: string;
  /** When its image set changed last, in milliseconds since 1970. */
  readonly updatedAt: number;
}

type Wanted = Pick<DicomWebRequest, 'datastoreId' | 'studyUid' | 'seriesUid' | 'instanceUid' | 'imageSetId'>;

/**
 * The instances that match the UIDs in the path; without a UID, all of that level match. They are from the primary image sets, or
 * from the one that the query parameter `imageSetId` names.
 *
 * @param mayMatch - from the summary of an image set: whether a search may find its study. Of all other studies, the metadata are
 *   not read, because they are on disk
 */
export function findInstances(
  world: World,
  wanted: Wanted,
  mayMatch: (summary: Summary) => boolean = () => true,
): Found[] {
  const all = imageSetsIn(world, wanted);
  const studies = new Set(
    all.filter(({ summary }) => mayMatch(summary)).map(({ summary }) => studyOf(summary)),
  );
  return all
    .filter(({ summary }) => studies.has(studyOf(summary)))
    .flatMap(({ set, state }) =>
      viewsOf(requireMetadata(world, set, state)).map((view) => foundOf(view, state.from)),
    )
    .filter(({ seriesUid }) => !wanted.seriesUid || seriesUid === wanted.seriesUid)
    .filter(({ instanceUid }) => !wanted.instanceUid || instanceUid === wanted.instanceUid);
}

/**
 * @throws ServiceError ResourceNotFoundException if there is none; ConflictException while the metadata of an image set that is
 *   meant cannot be read yet after an import
 */
export function requireInstances(world: World, wanted: Wanted): [Found, ...Found[]] {
  const isLate = imageSetsIn(world, wanted).some(({ set }) => (set.consistentFrom ?? 0) > Date.now());
  if (isLate) throw notYetConsistent();
  const [first, ...others] = findInstances(world, wanted);
  if (first) return [first, ...others];
  const where = wanted.imageSetId === undefined ? 'the primary image sets' : `image set ${wanted.imageSetId}`;
  throw notFound(`The ${wanted.instanceUid ? 'instance' : 'series'} in ${where} of the data store`);
}

interface Shown {
  readonly set: ImageSet;
  readonly state: ImageSetPhase;
  readonly summary: Summary;
}

/** The image sets that hold the study and the series in the path. Without their UIDs, all of the data store. */
function imageSetsIn(world: World, wanted: Wanted): Shown[] {
  const { studyUid, seriesUid } = wanted;
  return candidates(world, wanted).flatMap((set) => {
    const state = stateOf(set);
    const summary = summaryIn(set, state);
    if (state.imageSetState === 'DELETED' || summary === undefined) return [];
    const isMeant =
      (!studyUid || studyOf(summary) === studyUid) &&
      (!seriesUid || summary.DICOMSeriesInstanceUID === seriesUid);
    return isMeant ? [{ set, state, summary }] : [];
  });
}

const studyOf = (summary: Summary) => summary.DICOMStudyInstanceUID;

function candidates(world: World, { datastoreId, imageSetId, studyUid }: Wanted): ImageSet[] {
  if (imageSetId !== undefined) return [requireImageSet(world, datastoreId, imageSetId)];
  const sets = studyUid
    ? imageSetsBy(world, datastoreId, 'DICOMStudyInstanceUID', studyUid)
    : [...imageSetsOf(world, datastoreId)];
  return sets.filter(({ isPrimary }) => isPrimary);
}

function foundOf(view: InstanceView, updatedAt: number): Found {
  const { attributes } = view;
  return {
    ...view,
    studyUid: asText(attributes['StudyInstanceUID']),
    seriesUid: asText(attributes['SeriesInstanceUID']),
    instanceUid: asText(attributes['SOPInstanceUID']),
    updatedAt,
  };
}
