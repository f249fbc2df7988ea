import type * as MedicalImaging from '@aws-sdk/client-medical-imaging';
import { invalid } from '../errors.ts';
import type { Handlers, InputOf } from '../protocols/operations.ts';
import { after } from '../timeline.ts';
import type { World } from '../world.ts';
import { requireActive } from './datastore.ts';
import {
  checkChangeQuota,
  imageSetArn,
  imageSets,
  requireWritable,
  stateOf,
  type ImageSet,
} from './image-set.ts';
import { beginVersion, begunProperties, type ChangeResult } from './image-set-change.ts';
import { requireMetadata } from './metadata-store.ts';
import { instancesOf, merged, mismatch, subset, type Metadata } from './metadata.ts';

type CopyInput = InputOf<typeof MedicalImaging, 'CopyImageSet'>;

/** CopyImageSet: copies to an existing image set, or to a new one. */
export function copyHandlers(world: World) {
  return {
    CopyImageSet(input) {
      const { datastoreId, sourceImageSetId, copyImageSetInformation, force } = input;
      const { promoteToPrimary = false } = input;
      const { sourceImageSet, destinationImageSet } = copyImageSetInformation;
      requireActive(world, datastoreId);
      if (destinationImageSet?.imageSetId === sourceImageSetId) {
        throw invalid('The source and the destination are the same image set.');
      }
      const source = requireWritable(world, datastoreId, sourceImageSetId, sourceImageSet.latestVersionId);
      const destination =
        destinationImageSet &&
        requireWritable(
          world,
          datastoreId,
          destinationImageSet.imageSetId,
          destinationImageSet.latestVersionId,
        );
      checkChangeQuota(world, source, 'COPYING_WITH_READ_ONLY_ACCESS');
      const result = copyResult(world, input, source, destination);
      const lockedSource = lockSource(world, source, result);
      const target =
        promoteToPrimary || !destination ? newSet(world, datastoreId, promoteToPrimary) : destination;
      const copying = beginVersion(world, target, {
        status: 'COPYING',
        takes: world.settings.copyMs,
        result,
        forced: force,
        copiedFrom: sourceImageSetId,
      });
      return {
        datastoreId,
        sourceImageSetProperties: propertiesOf(world, lockedSource),
        destinationImageSetProperties: propertiesOf(world, copying),
      };
    },
  } satisfies Partial<Handlers<typeof MedicalImaging>>;
}

function copyResult(
  world: World,
  { copyImageSetInformation, force }: CopyInput,
  source: ImageSet,
  destination: ImageSet | undefined,
): ChangeResult {
  const attributes = copyImageSetInformation.sourceImageSet.DICOMCopies?.copiableAttributes;
  const wanted = attributes === undefined ? undefined : sopInstanceUids(attributes);
  const failure = world.faults.take('failOutcome', 'CopyImageSet');
  if (failure) return { message: failure.message };
  const whole = requireMetadata(world, source, stateOf(source));
  const content = wanted ? subset(whole, wanted) : whole;
  world.limits.checkQuota('copiedFrames', frameCount(content));
  if (wanted && Object.keys(instancesOf(content)).length < wanted.length) {
    return { message: 'INVALID_REQUEST:  An instance of copiableAttributes is not in SourceImageSet.' };
  }
  if (!destination) return { metadata: content };
  const base = requireMetadata(world, destination, stateOf(destination));
  const level = force ? undefined : mismatch(content, base);
  // The text for Series is AWS's own; those for Patient and Study follow its pattern.
  if (level) {
    return { message: `INVALID_REQUEST:  ${level} of SourceImageSet and DestinationImageSet don't match.` };
  }
  const taken = instancesOf(base);
  if (Object.keys(instancesOf(content)).some((sopUid) => Object.hasOwn(taken, sopUid))) {
    return { message: 'INVALID_REQUEST:  SOP Instance UIDs of an image set must be unique.' };
  }
  return { metadata: merged(base, content) };
}

const frameCount = (metadata: Metadata) =>
  Object.values(instancesOf(metadata)).reduce((sum, { ImageFrames }) => sum + ImageFrames.length, 0);

/** Locks the source while it is copied. It can still be read, and its version does not change. */
function lockSource(world: World, source: ImageSet, result: ChangeResult): ImageSet {
  const { copyMs, sourceStatusAfterFailedCopy } = world.settings;
  const now = Date.now();
  const before = stateOf(source);
  const locked: ImageSet = {
    ...source,
    phases: [
      ...source.phases,
      {
        ...before,
        from: now,
        imageSetState: 'LOCKED',
        imageSetWorkflowStatus: 'COPYING_WITH_READ_ONLY_ACCESS',
      },
      {
        ...before,
        from: after(now, copyMs),
        imageSetState: 'ACTIVE',
        imageSetWorkflowStatus: 'message' in result ? sourceStatusAfterFailedCopy : 'COPIED',
      },
    ],
  };
  imageSets(world).put(source.imageSetId, locked);
  return locked;
}

/** The image set that a copy creates: without a destination, or with `promoteToPrimary`, whose result has a new id. */
const newSet = ({ ids }: World, datastoreId: string, isPrimary: boolean): ImageSet => ({
  datastoreId,
  imageSetId: ids.next('imageSet'),
  isPrimary,
  createdAt: Date.now(),
  contents: [],
  phases: [],
});

const propertiesOf = (world: World, set: ImageSet) => ({
  ...begunProperties(set),
  imageSetArn: imageSetArn(world, set),
});

/** Reads `{"SchemaVersion":"1.1","Study":{"Series":{"<uid>":{"Instances":{"<uid>":{}}}}}}`; the version may also be a number. */
function sopInstanceUids(copiableAttributes: string): string[] {
  let parsed: { Study?: { Series?: Record<string, { Instances?: Record<string, unknown> }> } };
  try {
    parsed = JSON.parse(copiableAttributes);
  } catch {
    throw invalid('copiableAttributes is not JSON.');
  }
  const sopUids = Object.values(parsed?.Study?.Series ?? {}).flatMap((series) =>
    Object.keys(series?.Instances ?? {}),
  );
  if (sopUids.length === 0) throw invalid('copiableAttributes names no instance.');
  return sopUids;
}
