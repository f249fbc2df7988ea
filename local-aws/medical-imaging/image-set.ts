import type * as MedicalImaging from '@aws-sdk/client-medical-imaging';
import { notFound, ServiceError } from '../errors.ts';
import { past, phaseAt, type Phase, type Timeline } from '../timeline.ts';
import { isForgotten, type World } from '../world.ts';
import type { Summary } from './summary.ts';

/** A state of an image set. Phases of one version follow each other, and a change begins a version by its first phase. */
export interface ImageSetPhase extends Phase {
  readonly versionId: string;
  readonly imageSetState: MedicalImaging.ImageSetState;
  readonly imageSetWorkflowStatus: MedicalImaging.ImageSetWorkflowStatus;
  readonly message?: string | undefined;
  /** The change that made this version was forced. */
  readonly forced?: boolean | undefined;
  /** Which of the image set's contents this phase shows; none while the first version is still being made. */
  readonly content?: number | undefined;
}

export interface ImageSet extends Timeline<ImageSetPhase> {
  readonly datastoreId: string;
  readonly imageSetId: string;
  readonly isPrimary: boolean;
  readonly createdAt: number;
  /**
   * What can be searched for, of all metadata that versions of the image set have had. The metadata themselves are documents
   * in the store. They are not one per version: after a failed change a version shows those of the version before.
   */
  readonly contents: readonly Summary[];
  /** Until then GetImageSetMetadata answers "not consistent yet". */
  readonly consistentFrom?: number | undefined;
}

export const imageSets = ({ store }: Pick<World, 'store'>) => store.table<ImageSet>('imageSet');

/** The image sets of a data store, deleted ones too. */
export const imageSetsOf = (world: World, datastoreId: string): Iterable<ImageSet> =>
  imageSets(world)
    .index('datastoreId', (set) => [set.datastoreId])
    .get(datastoreId);

/** What image sets are found by without a look at all of them. */
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
 * The image sets of a data store of which some version has had that value. Which version an image set shows depends on
 * the time, which no index can know: the caller looks at what each shows now.
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

export const imageSetArn = ({ settings }: World, { datastoreId, imageSetId }: ImageSet) =>
  `arn:aws:medical-imaging:${settings.region}:${settings.accountId}:datastore/${datastoreId}/imageset/${imageSetId}`;

export function requireImageSet(world: World, datastoreId: string, imageSetId: string): ImageSet {
  const set = imageSets(world).get(imageSetId);
  if (set?.datastoreId !== datastoreId) throw notFound(`Image set ${imageSetId}`);
  const { imageSetState: status, from } = stateOf(set);
  if (isForgotten(world, { status, from })) throw notFound(`Image set ${imageSetId}`);
  return set;
}

/** All versions that exist by now, newest first, each by the last phase that it has reached. */
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

/**
 * The image set for a change to it.
 *
 * @throws ServiceError when it is LOCKED, deleted, or the caller's version is not the latest (which errors, AWS does not
 * say: settings; for the version the default is what a production user has met)
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
