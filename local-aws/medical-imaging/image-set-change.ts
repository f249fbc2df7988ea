import { after, type Duration } from '../timeline.ts';
import type { World } from '../world.ts';
import { imageSets, stateOf, type ImageSet, type ImageSetPhase } from './image-set.ts';
import type { Metadata } from './metadata.ts';
import { withMetadata } from './metadata-store.ts';

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
    ...ending,
  };
  const changing = { ...kept.set, phases: [...set.phases, begun, ended] };
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
