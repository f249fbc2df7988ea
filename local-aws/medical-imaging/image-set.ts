import type * as MedicalImaging from '@aws-sdk/client-medical-imaging';
import { notFound, ServiceError } from '../errors.ts';
import { past, phaseAt, type Phase, type Timeline } from '../timeline.ts';
import type { World } from '../world.ts';
import type { Metadata } from './metadata.ts';

/** A state of an image set. Phases of one version follow each other, and a change begins a version by its first phase. */
export interface ImageSetPhase extends Phase {
  readonly versionId: string;
  readonly imageSetState: MedicalImaging.ImageSetState;
  readonly imageSetWorkflowStatus: MedicalImaging.ImageSetWorkflowStatus;
  readonly message?: string | undefined;
  /** The change that made this version was forced. */
  readonly forced?: boolean | undefined;
  /** Key of the metadata that this phase shows; none while the first version is still being made. */
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

/** Metadata documents by key. A failed change shows that of the version before, so they are not one per version. */
export const metadataTable = ({ store }: World) => store.table<Metadata>('metadata');

export const imageSetsOf = (world: World, datastoreId: string) =>
  imageSets(world)
    .values()
    .filter((set) => set.datastoreId === datastoreId);

export const stateOf = (set: ImageSet) => phaseAt(set, Date.now());

export const imageSetArn = ({ settings }: World, { datastoreId, imageSetId }: ImageSet) =>
  `arn:aws:medical-imaging:${settings.region}:${settings.accountId}:datastore/${datastoreId}/imageset/${imageSetId}`;

export function requireImageSet(world: World, datastoreId: string, imageSetId: string): ImageSet {
  const set = imageSets(world).get(imageSetId);
  if (set?.datastoreId !== datastoreId) throw notFound(`Image set ${imageSetId}`);
  return set;
}

/** A version as it is now: when it began and the last phase that it has reached. */
export interface Version {
  readonly createdAt: number;
  readonly latest: ImageSetPhase;
}

/** All versions that exist by now, newest first. */
export function versionsOf(set: ImageSet): Version[] {
  const versions = new Map<string, Version>();
  for (const phase of past(set, Date.now())) {
    const createdAt = versions.get(phase.versionId)?.createdAt ?? phase.from;
    versions.set(phase.versionId, { createdAt, latest: phase });
  }
  return [...versions.values()].toReversed();
}

export function requireVersion(set: ImageSet, versionId: string | undefined): Version {
  const versions = versionsOf(set);
  const version = versionId ? versions.find(({ latest }) => latest.versionId === versionId) : versions[0];
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

/** What a phase shows of the metadata. */
export function requireMetadata(world: World, { metadata }: ImageSetPhase): Metadata {
  const document = metadata === undefined ? undefined : metadataTable(world).get(metadata);
  if (!document) throw notYetConsistent();
  return document;
}

/** In the service's own words, as production code has met them after an import; a retry helps. */
export const notYetConsistent = () =>
  new ServiceError(
    'ConflictException',
    'Requested ImageSet metadata is not consistent yet. Please retry after a few seconds.',
  );

/** Keeps a metadata document and returns its key. */
export function keepMetadata(
  world: World,
  imageSetId: string,
  versionId: string,
  document: Metadata,
): string {
  const key = `${imageSetId}/${versionId}`;
  metadataTable(world).put(key, document);
  return key;
}
