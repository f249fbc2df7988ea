import { notFound } from '../../errors.ts';
import type { World } from '../../world.ts';
import { asText } from '../dicom/attributes.ts';
import { imageSetsBy, imageSetsOf, requireImageSet, stateOf, type ImageSet } from '../image-set.ts';
import { notYetConsistent, requireMetadata } from '../metadata-store.ts';
import { viewsOf, type InstanceView } from '../metadata.ts';
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
 */
export function findInstances(world: World, wanted: Wanted): Found[] {
  const { studyUid, seriesUid, instanceUid } = wanted;
  return imageSetsIn(world, wanted).flatMap((set) => {
    const state = stateOf(set);
    if (state.imageSetState === 'DELETED' || state.content === undefined) return [];
    const metadata = requireMetadata(world, set, state);
    if (studyUid && asText(metadata.Study.DICOM['StudyInstanceUID']) !== studyUid) return [];
    return viewsOf(metadata)
      .map((view) => foundOf(view, state.from))
      .filter((found) => !seriesUid || found.seriesUid === seriesUid)
      .filter((found) => !instanceUid || found.instanceUid === instanceUid);
  });
}

/**
 * @throws ServiceError ResourceNotFoundException if there is none; ConflictException while the metadata of the image set that
 *   the caller names, or else of any primary one in the data store, cannot be read yet after an import
 */
export function requireInstances(world: World, wanted: Wanted): [Found, ...Found[]] {
  const isLate = imageSetsIn(world, { ...wanted, studyUid: '' }).some(
    ({ consistentFrom = 0 }) => consistentFrom > Date.now(),
  );
  if (isLate) throw notYetConsistent();
  const [first, ...others] = findInstances(world, wanted);
  if (first) return [first, ...others];
  const where = wanted.imageSetId === undefined ? 'the primary image sets' : `image set ${wanted.imageSetId}`;
  throw notFound(`The ${wanted.instanceUid ? 'instance' : 'series'} in ${where} of the data store`);
}

function imageSetsIn(world: World, { datastoreId, imageSetId, studyUid }: Wanted): ImageSet[] {
  if (imageSetId !== undefined) return [requireImageSet(world, datastoreId, imageSetId)];
  // A viewer requests frames one at a time. The index saves each request from reading the metadata of all studies.
  const candidates = studyUid
    ? imageSetsBy(world, datastoreId, 'DICOMStudyInstanceUID', studyUid)
    : [...imageSetsOf(world, datastoreId)];
  return candidates.filter(({ isPrimary }) => isPrimary);
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
