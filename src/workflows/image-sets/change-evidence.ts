import type { HeldMetadata, MetadataInput } from '../../activities/medical-imaging.ts';
import type { Polling } from '../../pacing/polling.ts';
import { imaging } from '../run/activities.ts';
import type { ImageSetRead } from './classify.ts';
import { flowFailure } from '../run/failures.ts';
import type { Flow } from '../run/flow.ts';
import { readUnlocked, type ImageSetId } from './image-set.ts';
import type { Found } from '../run/once.ts';

/** The version of an image set that a change creates. */
export interface ChangedVersion {
  imageSetId: string;
  latestVersionId: string;
}

/** A change of an image set whose reply was lost. */
interface AttemptedChange extends ImageSetId {
  before: ImageSetRead;
  /** The latest read before the search, which may show a newer state than the search reads. */
  seen: ImageSetRead;
  /** When the first attempt was sent, in milliseconds since 1970. */
  since: number;
  polling: Polling | undefined;
  /** The workflow status of a version that such a change has created. */
  status: 'COPIED' | 'UPDATED';
  /** Whether the contents of the version are those of this change; `unclear` where it would have them without the change. */
  proof(version: string): Promise<boolean | 'unclear'>;
}

/**
 * Finds out whether AWS has made a change whose reply was lost.
 *
 * A newer version may also be another writer's. The change is ours if it has created the next version, after our first
 * attempt, if the workflow status is that of such a change, and if the contents are those that we asked for.
 */
export async function changeEvidence(flow: Flow, change: AttemptedChange): Promise<Found<ChangedVersion>> {
  const { datastoreId, imageSetId, before, seen, polling } = change;
  const read = await readUnlocked(flow, { step: '+imageSetNow', datastoreId, imageSetId, polling });
  const now = Number(seen.versionId) > Number(read.versionId) ? seen : read;
  if (Number(now.versionId) <= Number(before.versionId)) return { kind: 'unchanged' };
  const latestVersionId = String(Number(before.versionId) + 1);
  const version = { datastoreId, imageSetId, versionId: latestVersionId };
  const next =
    now.versionId === latestVersionId ? now : await flow.read('+nextVersion', imaging.getImageSet, version);
  // Without a time in the reply, the contents decide.
  const tooOld = Date.parse(next.updatedAt ?? '') < change.since - flow.facts.rules.worstClockSkew;
  if (next.imageSetWorkflowStatus !== change.status || tooOld) return { kind: 'rival' };
  const proof = await change.proof(latestVersionId);
  if (proof === 'unclear') return { kind: 'unclear', why: 'the image set had the requested contents before' };
  return proof ? { kind: 'ours', reply: { imageSetId, latestVersionId } } : { kind: 'rival' };
}

/** @throws ApplicationFailure `OutcomeUnknown` for metadata that are not JSON, whose contents cannot be compared */
export async function readHeld(flow: Flow, summary: string, input: MetadataInput): Promise<HeldMetadata> {
  const { held } = await flow.readLong(summary, imaging.getImageSetMetadata, input);
  if (!held) {
    throw flowFailure('OutcomeUnknown', `the metadata of version ${input.versionId ?? ''} are not JSON`);
  }
  return held;
}
