import { after, type Duration } from '../timeline.ts';
import type { World } from '../world.ts';
import { imageSets, stateOf, type ImageSet, type ImageSetPhase } from './image-set.ts';
import type { Metadata } from './metadata.ts';
import { withMetadata } from './metadata-store.ts';

export const nextVersion = (versionId: string) => String(Number(versionId) + 1);

/** How a change will end: with new metadata, or with the message of its failure. */
export type ChangeResult = { readonly metadata: Metadata } | { readonly message: string };

const endings = {
  COPYING: { done: 'COPIED', failed: 'COPY_FAILED' },
  UPDATING: { done: 'UPDATED', failed: 'UPDATE_FAILED' },
} as const;

/**
 * Begins a copy or an update. As soon as the call is answered, the image set has its next version and is LOCKED. It shows the
 * metadata of the version before until the change ends. A change that fails uses up its version number as well. The operations
 * have no client token: only `latestVersionId` keeps a caller from making the same change twice.
 *
 * @param set - without phases if this change creates the image set
 */
export function beginVersion(
  world: World,
  set: ImageSet,
  change: {
    readonly status: keyof typeof endings;
    readonly takes: Duration;
    readonly result: ChangeResult;
    readonly forced: boolean | undefined;
    /** For a copy: the id of the image set that it copies. */
    readonly copiedFrom?: string;
  },
): ImageSet {
  const { status, takes, result, forced, copiedFrom } = change;
  const before = set.phases.length > 0 ? stateOf(set) : undefined;
  const begun: ImageSetPhase = {
    from: Date.now(),
    versionId: before ? nextVersion(before.versionId) : '1',
    imageSetState: 'LOCKED',
    imageSetWorkflowStatus: status,
    forced,
    copiedFrom,
    content: before?.content,
  };
  const { done, failed } = endings[status];
  const kept = 'metadata' in result ? withMetadata(world, set, result.metadata) : { set, content: undefined };
  const ending =
    'message' in result
      ? { imageSetWorkflowStatus: failed, message: result.message }
      : { imageSetWorkflowStatus: done, content: kept.content };
  const ended: ImageSetPhase = {
    ...begun,
    from: after(begun.from, takes),
    imageSetState: 'ACTIVE',
    copiedFrom: undefined,
    ...ending,
  };
  const changing = { ...kept.set, phases: [...set.phases, begun, ended] };
  imageSets(world).put(set.imageSetId, changing);
  return changing;
}

/**
 * An image set as CopyImageSet and UpdateImageSetMetadata return it: in the LOCKED phase that they begin. That is the last phase
 * but one, because the last phase is the end of the change, which is planned already.
 */
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
