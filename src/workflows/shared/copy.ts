import { sleep } from '@temporalio/workflow';
import type { CopyImageSetInput } from '../medical-imaging/copy-image-set.ts';
import { pacingOf } from '../../polling.ts';
import { imaging } from './activities.ts';
import { changeEvidence, isSum, readMetadata, type ChangedVersion } from './change-evidence.ts';
import type { ImageSetRead } from './classify.ts';
import { CLOCK_SKEW, type Flow } from './flow.ts';
import { readUnlocked } from './image-set.ts';
import type { Doubt, Found } from './mutate-once.ts';
import { searchImageSets } from './search.ts';

/** Both image sets as they were before the copy; without a destination the copy makes a new one. */
export interface CopyBasis {
  source: ImageSetRead;
  destination: ImageSetRead | undefined;
}

/** A new image set that is not to be found so long after the end of the copy was not made. */
const SEARCHABLE_WITHIN = 60_000;

/** One attempt of a copy, based on the versions that were read. */
export async function sendCopy(
  flow: Flow,
  input: CopyImageSetInput,
  basis: CopyBasis,
): Promise<ChangedVersion> {
  const { datastoreId, sourceImageSetId, destinationImageSetId, copiableAttributes, polling } = input;
  const reply = await flow.change(
    'copyImageSet',
    imaging.copyImageSet,
    {
      datastoreId,
      sourceImageSetId,
      force: input.force,
      promoteToPrimary: input.promoteToPrimary,
      copyImageSetInformation: {
        sourceImageSet: {
          latestVersionId: basis.source.versionId,
          ...(copiableAttributes !== undefined && { DICOMCopies: { copiableAttributes } }),
        },
        ...(destinationImageSetId !== undefined && {
          destinationImageSet: {
            imageSetId: destinationImageSetId,
            latestVersionId: basis.destination?.versionId,
          },
        }),
      },
    },
    { budget: pacingOf('imageSet', polling).timeout, maximumAttempts: 1 },
  );
  const { imageSetId = destinationImageSetId ?? '', latestVersionId = '' } =
    reply.destinationImageSetProperties ?? {};
  return { imageSetId, latestVersionId };
}

/** Finds out whether a copy whose reply never came has been made. */
export async function findCopy(
  flow: Flow,
  input: CopyImageSetInput,
  { basis: { source, destination }, since }: Doubt<CopyBasis>,
): Promise<Found<ChangedVersion>> {
  const { datastoreId, sourceImageSetId, destinationImageSetId, copiableAttributes, polling } = input;
  const asked = () =>
    readMetadata(flow, '+instancesAsked', {
      datastoreId,
      imageSetId: sourceImageSetId,
      versionId: source.versionId,
      copiableAttributes,
    });
  if (destinationImageSetId === undefined || destination === undefined || input.promoteToPrimary) {
    return findNewImageSet(flow, input, since, asked);
  }
  return changeEvidence(flow, {
    datastoreId,
    imageSetId: destinationImageSetId,
    before: destination,
    since,
    polling,
    status: 'COPIED',
    proof: async (version) => {
      const held = (summary: string, versionId: string | undefined) =>
        readMetadata(flow, summary, { datastoreId, imageSetId: destinationImageSetId, versionId });
      const before = await held('+instancesBefore', destination.versionId);
      const now = await held('+instancesNow', version);
      return isSum(now.instances, before.instances, (await asked()).instances);
    },
  });
}

/**
 * Looks for the image set that a copy without a destination, or a promotion, has made: one of the same study, created
 * since, that holds exactly what was asked for.
 */
async function findNewImageSet(
  flow: Flow,
  { datastoreId, sourceImageSetId, polling }: CopyImageSetInput,
  since: number,
  readAsked: () => ReturnType<typeof readMetadata>,
): Promise<Found<ChangedVersion>> {
  // As long as our copy goes on it locks the source, and its image set need not be to be found.
  await readUnlocked(flow, { step: '+sourceNow', datastoreId, imageSetId: sourceImageSetId, polling });
  const free = Date.now();
  const asked = await readAsked();
  const filters = [
    { operator: 'EQUAL' as const, values: [{ DICOMStudyInstanceUID: asked.extract.studyInstanceUID ?? '' }] },
  ];
  for (;;) {
    const lookedAt = Date.now();
    const { imageSetsMetadataSummaries } = await searchImageSets(flow, '+searchNew', datastoreId, {
      filters,
    });
    const candidates = imageSetsMetadataSummaries.filter(
      ({ imageSetId, createdAt }) =>
        imageSetId !== sourceImageSetId && Date.parse(createdAt ?? '') >= since - CLOCK_SKEW,
    );
    const made: ChangedVersion[] = [];
    for (const { imageSetId = '' } of candidates) {
      const {
        versionId = '1',
        imageSetState,
        imageSetWorkflowStatus,
      } = await readUnlocked(flow, {
        step: '+candidate',
        datastoreId,
        imageSetId,
        polling,
      });
      if (imageSetWorkflowStatus === 'COPY_FAILED' || imageSetState === 'DELETED') continue;
      const { instances } = await readMetadata(flow, '+candidateInstances', {
        datastoreId,
        imageSetId,
        versionId,
      });
      const same = instances.digest === asked.instances.digest && instances.count === asked.instances.count;
      if (same) made.push({ imageSetId, latestVersionId: versionId });
    }
    const [one, another] = made;
    if (another)
      return {
        kind: 'unclear',
        why: `image sets ${made.map(({ imageSetId }) => imageSetId).join(', ')} could each be it`,
      };
    if (one) return { kind: 'ours', reply: one };
    if (lookedAt - free >= SEARCHABLE_WITHIN) return { kind: 'unchanged' };
    await sleep(5_000, { summary: 'wait before +searchNew' });
  }
}
