import type * as MedicalImaging from '@aws-sdk/client-medical-imaging';
import { notFound, ServiceError } from '../errors.ts';
import { past, phaseAt, type Phase, type Timeline } from '../timeline.ts';
import { isForgotten, type World } from '../world.ts';
import type { Summary } from './summary.ts';

/**
 * A state of an image set. Every change begins a new version, which may have several phases: version 2, for example, is first
 * LOCKED and UPDATING, then ACTIVE and UPDATED.
 */
export interface ImageSetPhase extends Phase {
  readonly versionId: string;
  readonly imageSetState: MedicalImaging.ImageSetState;
  readonly imageSetWorkflowStatus: MedicalImaging.ImageSetWorkflowStatus;
  readonly message?: string | undefined;
  /** The request that made this version had `force`. */
  readonly forced?: boolean | undefined;
  /** The id of the image set that a copy copies into this one, until the copy ends. */
  readonly copiedFrom?: string | undefined;
  /** Index in {@link ImageSet.contents} of the metadata that this phase shows; undefined while a copy makes the first version. */
  readonly content?: number | undefined;
}

export interface ImageSet extends Timeline<ImageSetPhase> {
  readonly datastoreId: string;
  readonly imageSetId: string;
  readonly isPrimary: boolean;
  readonly createdAt: number;
  /**
   * A summary of each metadata document of the image set: the attributes that SearchImageSets needs. The documents themselves
   * are on disk (`metadata-store.ts`). Several versions can show the same document: the version of a failed change shows that
   * of the version before.
   */
  readonly contents: readonly Summary[];
  /** Before this time GetImageSetMetadata and retrievals by DICOMweb answer "not consistent yet". */
  readonly consistentFrom?: number | undefined;
}

export const imageSets = ({ store }: Pick<World, 'store'>) => store.table<ImageSet>('imageSet');

/** The image sets of a data store, deleted ones too. */
export const imageSetsOf = (world: World, datastoreId: string): Iterable<ImageSet> =>
  imageSets(world)
    .index('datastoreId', (set) => [set.datastoreId])
    .get(datastoreId);

/** The attributes with an index, so that a search for one of them need not look at all image sets. */
const indexed = [
  'DICOMPatientId',
  'DICOMAccessionNumber',
  'DICOMStudyId',
  'DICOMStudyInstanceUID',
  'DICOMSeriesInstanceUID',
] as const;

export type IndexedMember = (typeof indexed)[number];

export const isIndexed = (member: string): member is IndexedMember => indexed.some((each) => each === member);

/**
 * The image sets of a data store of which any version (past, current or planned) has this value. The caller must check that the
 * current version has it: which one is current changes as time passes, but an index changes only when an image set is stored.
 */
export function imageSetsBy(
  world: World,
  datastoreId: string,
  member: IndexedMember,
  value: string,
): ImageSet[] {
  const ofAllStores = imageSets(world)
    .index(member, ({ contents }) => new Set(contents.map((summary) => summary[member])))
    .get(value);
  return [...ofAllStores].filter((set) => set.datastoreId === datastoreId);
}

export const stateOf = (set: ImageSet) => phaseAt(set, Date.now());

export const imageSetArn = (
  { settings }: World,
  { datastoreId, imageSetId }: Pick<ImageSet, 'datastoreId' | 'imageSetId'>,
) =>
  `arn:aws:medical-imaging:${settings.region}:${settings.accountId}:datastore/${datastoreId}/imageset/${imageSetId}`;

export function requireImageSet(world: World, datastoreId: string, imageSetId: string): ImageSet {
  const set = imageSets(world).get(imageSetId);
  if (set?.datastoreId !== datastoreId) throw notFound(`Image set ${imageSetId}`);
  const { imageSetState: status, from } = stateOf(set);
  if (isForgotten(world, { status, from })) throw notFound(`Image set ${imageSetId}`);
  return set;
}

/** All versions that exist by now, newest first, each in the last phase that it has reached. */
export function versionsOf(set: ImageSet): ImageSetPhase[] {
  const versions = new Map(past(set, Date.now()).map((phase) => [phase.versionId, phase]));
  return [...versions.values()].toReversed();
}

export function requireVersion(set: ImageSet, versionId: string | undefined): ImageSetPhase {
  const versions = versionsOf(set);
  const version = versionId ? versions.find((phase) => phase.versionId === versionId) : versions[0];
  if (!version) throw notFound(`Version ${versionId} of image set ${set.imageSetId}`);
  return version;
}

const changeQuotas = {
  COPYING_WITH_READ_ONLY_ACCESS: 'copies',
  UPDATING: 'updates',
  DELETING: 'deletions',
} as const;

/**
 * Counts a change of an image set, which is known by the workflow status of the image set meanwhile.
 *
 * @throws ServiceError ServiceQuotaExceededException if limits are on, and too many of its kind are under way in the data store
 */
export function checkChangeQuota(world: World, set: ImageSet, status: keyof typeof changeQuotas): void {
  world.limits.checkChange(changeQuotas[status], set, (imageSetId) => {
    const other = imageSets(world).get(imageSetId);
    return other !== undefined && stateOf(other).imageSetWorkflowStatus === status;
  });
}

/**
 * Finds an image set in order to change it.
 *
 * @throws ServiceError if it is LOCKED or deleted, or if the caller's version is not the latest. AWS does not document the errors
 *   for LOCKED and for a stale version, so they are settings; the default for a stale version was seen in production
 */
export function requireWritable(
  world: World,
  datastoreId: string,
  imageSetId: string,
  latestVersionId?: string,
): ImageSet {
  const set = requireImageSet(world, datastoreId, imageSetId);
  const { imageSetState, versionId } = stateOf(set);
  if (imageSetState === 'DELETED') throw notFound(`Image set ${imageSetId}`);
  if (imageSetState === 'LOCKED') {
    throw new ServiceError(world.settings.lockedImageSetError, `The image set ${imageSetId} is LOCKED.`);
  }
  if (latestVersionId !== undefined && latestVersionId !== versionId) {
    throw new ServiceError(
      world.settings.staleVersionError,
      'Requested version(s) of ImageSet(s) is not the latest.',
    );
  }
  return set;
}
