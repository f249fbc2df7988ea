import type { InstancesDigest } from '../../activities/image-set-metadata.ts';
import type { HeldMetadata, MetadataInput } from '../../activities/medical-imaging.ts';
import type { Polling } from '../../pacing/polling.ts';
import { imaging } from '../run/activities.ts';
import type { ImageSetRead } from './classify.ts';
import { flowFailure } from '../run/failures.ts';
import type { Flow } from '../run/flow.ts';
import { readUnlocked, type ImageSetId } from './image-set.ts';
import type { Found } from '../run/once.ts';

/** A version of an image set that a change has made, or will have made once it has ended. */
export interface ChangedVersion {
  imageSetId: string;
  latestVersionId: string;
}

/** A change that was asked for, of an image set as it was then. */
interface AttemptedChange extends ImageSetId {
  before: ImageSetRead;
  /** As it was read since. */
  seen: ImageSetRead;
  /** When the first attempt was sent, in milliseconds since 1970. */
  since: number;
  polling: Polling | undefined;
  /** What the workflow status of the version is once such a change has ended well. */
  status: 'COPIED' | 'UPDATED';
  /** Whether the version holds what this very change would have brought; `unclear` where it would hold it anyway. */
  proof(version: string): Promise<boolean | 'unclear'>;
}

/**
 * Finds out whether a change whose reply never came has been made.
 *
 * A newer version alone proves nothing: it may be another writer's. Ours is the very next version, made by such a change,
 * not before our first attempt, and it holds what ours would have brought.
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
  // A service that does not tell the time leaves it to the proof.
  const tooOld = Date.parse(next.updatedAt ?? '') < change.since - flow.facts.rules.worstClockSkew;
  if (next.imageSetWorkflowStatus !== change.status || tooOld) return { kind: 'rival' };
  const proof = await change.proof(latestVersionId);
  if (proof === 'unclear') return { kind: 'unclear', why: 'what was asked for stood there before' };
  return proof ? { kind: 'ours', reply: { imageSetId, latestVersionId } } : { kind: 'rival' };
}

/** What a version holds: evidence, which there is none of in metadata that are no JSON. */
export async function readHeld(flow: Flow, summary: string, input: MetadataInput): Promise<HeldMetadata> {
  const { held } = await flow.readLong(summary, imaging.getImageSetMetadata, input);
  if (!held) {
    throw flowFailure('OutcomeUnknown', `the metadata of version ${input.versionId ?? ''} are no JSON`);
  }
  return held;
}

/** The instances of two image sets together. See {@link InstancesDigest}. */
export function sumOf(one: InstancesDigest, other: InstancesDigest): InstancesDigest {
  const number = ({ digest }: InstancesDigest) => BigInt(`0x${digest}`);
  const digest = (number(one) ^ number(other)).toString(16).padStart(64, '0');
  return { count: one.count + other.count, digest };
}

/** Whether two image sets hold the same instances. */
export function isSame(one: InstancesDigest, other: InstancesDigest): boolean {
  return one.count === other.count && one.digest === other.digest;
}
