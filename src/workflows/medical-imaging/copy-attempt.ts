import { sleep } from '@temporalio/workflow';
import type { InstancesDigest } from '../../activities/image-set-metadata.ts';
import type { Polling } from '../../pacing/polling.ts';
import { imaging } from '../run/activities.ts';
import { changeEvidence, readHeld, type ChangedVersion } from '../image-sets/change-evidence.ts';
import type { ImageSetRead } from '../image-sets/classify.ts';
import type { Flow } from '../run/flow.ts';
import { readUnlocked } from '../image-sets/image-set.ts';
import type { Doubt, Found } from '../run/once.ts';
import { searchImageSets } from '../image-sets/search.ts';

export interface CopyImageSetInput {
  datastoreId: string;
  sourceImageSetId: string;
  /** Where it is absent, the copy creates an image set. */
  destinationImageSetId?: string;
  /** JSON that names the series and instances to copy; all of them where absent. */
  copiableAttributes?: string;
  /** Copy even where patient, study or series metadata do not match; the destination keeps its own. */
  force?: boolean;
  /** Make the copy a primary image set, which gives it a new id. */
  promoteToPrimary?: boolean;
  polling?: Polling;
}

/** Both image sets as they were before the copy. Without a destination the copy creates an image set. */
export interface CopyBasis {
  source: ImageSetRead;
  destination: ImageSetRead | undefined;
}

/** Sends one copy request for the versions that were read. */
export async function sendCopy(
  flow: Flow,
  input: CopyImageSetInput,
  basis: CopyBasis,
  budget: number,
): Promise<ChangedVersion> {
  const { datastoreId, sourceImageSetId, destinationImageSetId, copiableAttributes } = input;
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
    budget,
  );
  const { imageSetId = destinationImageSetId ?? '', latestVersionId = '' } =
    reply.destinationImageSetProperties ?? {};
  return { imageSetId, latestVersionId };
}

/** Finds out whether AWS has made a copy whose reply was lost. */
export async function findCopy(
  flow: Flow,
  input: CopyImageSetInput,
  { sent, since, seen }: Doubt<CopyBasis>,
): Promise<Found<ChangedVersion>> {
  const { datastoreId, sourceImageSetId, destinationImageSetId, copiableAttributes, polling } = input;
  const [{ destination }] = sent;
  const versions = [...new Set(sent.map(({ source }) => source.versionId))];
  const asked = async () => {
    const held = [];
    for (const versionId of versions) {
      const metadata = { datastoreId, imageSetId: sourceImageSetId, versionId, copiableAttributes };
      held.push(await readHeld(flow, '+instancesAsked', metadata));
    }
    return held;
  };
  if (destinationImageSetId === undefined || destination === undefined) {
    return findNewImageSet(flow, input, since, async () => {
      const held = await asked();
      return { study: held[0]?.extract.studyInstanceUID, wanted: held.map(({ instances }) => instances) };
    });
  }
  const holds = async (summary: string, versionId: string | undefined) => {
    const metadata = { datastoreId, imageSetId: destinationImageSetId, versionId };
    return (await readHeld(flow, summary, metadata)).instances;
  };
  const before = () => holds('+instancesBefore', destination.versionId);
  if (input.promoteToPrimary) {
    return findNewImageSet(flow, input, since, async () => {
      const held = await asked();
      const was = await before();
      // AWS does not document whether the new image set also holds the instances of the destination.
      const wanted = held.flatMap(({ instances }) => [sumOf(was, instances), instances]);
      return { study: held[0]?.extract.studyInstanceUID, wanted };
    });
  }
  return changeEvidence(flow, {
    datastoreId,
    imageSetId: destinationImageSetId,
    before: destination,
    seen: seen.destination ?? destination,
    since,
    polling,
    status: 'COPIED',
    proof: async (version) => {
      const was = await before();
      const is = await holds('+instancesNow', version);
      return (await asked()).some(({ instances }) => isSame(is, sumOf(was, instances)));
    },
  });
}

/** How to recognize the new image set: its study, and the sets of instances that it may hold. */
interface Sought {
  study: string | undefined;
  wanted: InstancesDigest[];
}

/** Searches for the image set that a copy without a destination, or a promotion, has created. */
async function findNewImageSet(
  flow: Flow,
  input: CopyImageSetInput,
  since: number,
  readSought: () => Promise<Sought>,
): Promise<Found<ChangedVersion>> {
  const { datastoreId, sourceImageSetId: imageSetId, polling } = input;
  // A copy locks its source until it has ended. The search may not find the new image set before.
  await readUnlocked(flow, { step: '+sourceNow', datastoreId, imageSetId, polling });
  const { searchLag, rules } = flow.facts;
  const sought = await readSought();
  const deadline = Date.now() + searchLag;
  for (;;) {
    const last = Date.now() >= deadline;
    const made = await newImageSets(flow, input, since - rules.worstClockSkew, sought);
    const [one, another] = made;
    if (another || (one && one.createdAt < since - rules.clockSkew)) {
      const ids = made.map(({ version }) => version.imageSetId).join(', ');
      return { kind: 'unclear', why: `image sets that could be it: ${ids}` };
    }
    if (one) return { kind: 'ours', reply: one.version };
    if (last) return { kind: 'unchanged' };
    await sleep(Math.min(5_000, searchLag), { summary: 'wait before +searchNew' });
  }
}

/** The image sets of the study that were created after a time (milliseconds since 1970) and hold the sought instances. */
async function newImageSets(
  flow: Flow,
  { datastoreId, sourceImageSetId, destinationImageSetId, polling }: CopyImageSetInput,
  after: number,
  { study = '', wanted }: Sought,
): Promise<{ version: ChangedVersion; createdAt: number }[]> {
  const filters = [{ operator: 'EQUAL' as const, values: [{ DICOMStudyInstanceUID: study }] }];
  const found = await searchImageSets(flow, '+searchNew', {
    datastoreId,
    searchCriteria: { filters },
    summaries: 'ids',
  });
  const known = [sourceImageSetId, destinationImageSetId];
  const made = [];
  for (const { imageSetId = '', createdAt: time = '' } of found.imageSetsMetadataSummaries) {
    const createdAt = Date.parse(time);
    if (known.includes(imageSetId) || !(createdAt >= after)) continue;
    const id = { datastoreId, imageSetId };
    const now = await readUnlocked(flow, { step: '+candidate', ...id, polling });
    if (now.imageSetWorkflowStatus === 'COPY_FAILED' || now.imageSetState === 'DELETED') continue;
    const { versionId: latestVersionId = '1' } = now;
    const metadata = { ...id, versionId: latestVersionId };
    const { instances } = await readHeld(flow, '+candidateInstances', metadata);
    if (wanted.some((digest) => isSame(instances, digest))) {
      made.push({ version: { imageSetId, latestVersionId }, createdAt });
    }
  }
  return made;
}

/** The digest of the instances of two image sets together. */
function sumOf(one: InstancesDigest, other: InstancesDigest): InstancesDigest {
  const number = ({ digest }: InstancesDigest) => BigInt(`0x${digest}`);
  const digest = (number(one) ^ number(other)).toString(16).padStart(64, '0');
  return { count: one.count + other.count, digest };
}

/** Whether two image sets hold the same instances. */
function isSame(one: InstancesDigest, other: InstancesDigest): boolean {
  return one.count === other.count && one.digest === other.digest;
}
