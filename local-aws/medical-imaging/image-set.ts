import type * as MedicalImaging from '@aws-sdk/client-medical-imaging';
import { notFound, ServiceError } from '../errors.ts';
import { after, past, phaseAt, type Duration, type Phase, type Timeline } from '../timeline.ts';
import { isForgotten, type World } from '../world.ts';
import type { Metadata } from './metadata.ts';
import { keepMetadata, summaryAt } from './metadata-store.ts';

/** A state of an image set. Phases of one version follow each other, and a change begins a version by its first phase. */
export interface ImageSetPhase extends Phase {
  readonly versionId: string;
  readonly imageSetState: MedicalImaging.ImageSetState;
  readonly imageSetWorkflowStatus: MedicalImaging.ImageSetWorkflowStatus;
  readonly message?: string | undefined;
  /** The change that made this version was forced. */
  readonly forced?: boolean | undefined;
  /**
   * Key of the metadata that this phase shows; none while the first version is still being made. A failed change shows
   * those of the version before.
   */
  readonly metadata?: string | undefined;
}

export interface ImageSet extends Timeline<ImageSetPhase> {
  readonly datastoreId: string;
  readonly imageSetId: string;
  readonly isPrimary: boolean;
  readonly createdAt: number;
  /** Until then GetImageSetMetadata answers "not consistent yet". */
  readonly consistentFrom?: number | undefined;
}

export const imageSets = ({ store }: World) => store.table<ImageSet>('imageSet');

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
 * The image sets, of all data stores, that may show metadata with that value. Which metadata an image set shows depends on
 * the time, so the index holds those of all its versions, and the caller looks at those that it shows now.
 */
export const imageSetsBy = (world: World, member: IndexedMember, value: string): Iterable<ImageSet> =>
  imageSets(world)
    .index(
      member,
      ({ phases }) => new Set(phases.flatMap(({ metadata }) => summaryAt(world, metadata)?.[member] ?? [])),
    )
    .get(value);

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

export const nextVersion = (versionId: string) => String(Number(versionId) + 1);

/** What a change will come to: the new content, or why it fails. */
export type ChangeResult = { readonly metadata: Metadata } | { readonly message: string };

const endings = {
  COPYING: { done: 'COPIED', failed: 'COPY_FAILED' },
  UPDATING: { done: 'UPDATED', failed: 'UPDATE_FAILED' },
} as const;

/**
 * Begins a change: the image set has its next version, LOCKED, as soon as the call is answered, and until the change has
 * ended shows what it was before. Whether it goes well shows later, and a failed one has used up the version all the
 * same. There is no client token: the caller's only guard against changing twice is `latestVersionId`.
 *
 * @param set - without phases for an image set that this change makes
 */
export function beginVersion(
  world: World,
  set: ImageSet,
  change: {
    readonly status: keyof typeof endings;
    readonly takes: Duration;
    readonly result: ChangeResult;
    readonly forced: boolean | undefined;
  },
): ImageSet {
  const { status, takes, result, forced } = change;
  const before = set.phases.length > 0 ? stateOf(set) : undefined;
  const begun: ImageSetPhase = {
    from: Date.now(),
    versionId: before ? nextVersion(before.versionId) : '1',
    imageSetState: 'LOCKED',
    imageSetWorkflowStatus: status,
    forced,
    metadata: before?.metadata,
  };
  const { done, failed } = endings[status];
  const ending =
    'message' in result
      ? { imageSetWorkflowStatus: failed, message: result.message }
      : {
          imageSetWorkflowStatus: done,
          metadata: keepMetadata(world, result.metadata),
        };
  const ended: ImageSetPhase = {
    ...begun,
    from: after(begun.from, takes),
    imageSetState: 'ACTIVE',
    ...ending,
  };
  const changing = { ...set, phases: [...set.phases, begun, ended] };
  imageSets(world).put(set.imageSetId, changing);
  return changing;
}

/** An image set as the call that changes it shows it: in the phase that it begins, whose end is planned already. */
export function begunProperties(set: ImageSet) {
  const { versionId, imageSetState, imageSetWorkflowStatus, from } = set.phases.at(-2) ?? stateOf(set);
  return {
    imageSetId: set.imageSetId,
    latestVersionId: versionId,
    imageSetState,
    imageSetWorkflowStatus,
    createdAt: new Date(set.createdAt),
    updatedAt: new Date(from),
  };
}
