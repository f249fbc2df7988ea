import type { InstancesDigest } from '../../activities/image-set-metadata.ts';
import type { Polling } from '../../polling.ts';
import { imaging } from './activities.ts';
import type { ImageSetRead } from './classify.ts';
import type { Flow } from './flow.ts';
import { readUnlocked } from './image-set.ts';
import type { Found } from './mutate-once.ts';

/** A version of an image set that a copy has made, or will have made once it has ended. */
export interface CopiedVersion {
  imageSetId: string;
  latestVersionId: string;
}

/** A copy that was asked for, with both image sets as they were then. */
export interface AttemptedCopy {
  datastoreId: string;
  sourceImageSetId: string;
  destinationImageSetId: string;
  copiableAttributes?: string;
  polling?: Polling;
  source: ImageSetRead;
  destination: ImageSetRead;
  /** When the first attempt was sent, in milliseconds since 1970. */
  since: number;
}

/** The clocks of AWS and of Temporal may differ by this much. */
const CLOCK_SKEW = 60_000;
const READ_BUDGET = 10 * 60_000;

/**
 * Finds out whether a copy whose reply never came has been made.
 *
 * A newer version alone proves nothing: it may be another writer's. Ours is the very next version, made by a copy, not
 * before our first attempt, and what it holds more than the version before is exactly what the source holds.
 */
export async function copyEvidence(flow: Flow, copy: AttemptedCopy): Promise<Found<CopiedVersion>> {
  const { datastoreId, destinationImageSetId: imageSetId, destination, source, polling } = copy;
  const now = await readUnlocked(flow, { step: '+destinationNow', datastoreId, imageSetId, polling });
  const before = Number(destination.versionId);
  if (Number(now.versionId) <= before) return { kind: 'unchanged' };

  const latestVersionId = String(before + 1);
  const next =
    now.versionId === latestVersionId
      ? now
      : await flow.read(
          '+destinationNext',
          imaging.getImageSet,
          { datastoreId, imageSetId, versionId: latestVersionId },
          READ_BUDGET,
        );
  if (next.imageSetWorkflowStatus !== 'COPIED') return { kind: 'rival' };
  if (Date.parse(next.updatedAt ?? '') < copy.since - CLOCK_SKEW) return { kind: 'rival' };

  const instances = (summary: string, id: string, versionId = '', copiableAttributes?: string) =>
    flow.read(
      summary,
      imaging.getImageSetMetadata,
      {
        datastoreId,
        imageSetId: id,
        versionId,
        ...(copiableAttributes !== undefined && { copiableAttributes }),
      },
      READ_BUDGET,
    );
  const held = await instances('+instancesBefore', imageSetId, destination.versionId);
  const holds = await instances('+instancesNow', imageSetId, latestVersionId);
  const asked = await instances(
    '+instancesAsked',
    copy.sourceImageSetId,
    source.versionId,
    copy.copiableAttributes,
  );
  return isSum(holds, held, asked)
    ? { kind: 'ours', reply: { imageSetId, latestVersionId } }
    : { kind: 'rival' };
}

/** Whether the instances of `whole` are those of the two others together. See {@link InstancesDigest}. */
function isSum(whole: InstancesDigest, one: InstancesDigest, other: InstancesDigest): boolean {
  const digest = (set: InstancesDigest) => BigInt(`0x${set.digest}`);
  return whole.count === one.count + other.count && digest(whole) === (digest(one) ^ digest(other));
}
