import type * as MedicalImaging from '@aws-sdk/client-medical-imaging';
import { invalid } from '../errors.ts';
import type { Handlers, InputOf } from '../protocols/operations.ts';
import { after } from '../timeline.ts';
import { newId, type World } from '../world.ts';
import { requireActive } from './datastores.ts';
import {
  imageSetArn,
  imageSets,
  keepMetadata,
  nextVersion,
  requireMetadata,
  requireVersion,
  requireWritable,
  stateOf,
  type ImageSet,
} from './image-set.ts';
import { instancesOf, merged, mismatch, subset, type Metadata } from './metadata.ts';

type CopyInput = InputOf<typeof MedicalImaging, 'CopyImageSet'>;

/**
 * CopyImageSet: the destination has its new version, LOCKED and COPYING, as soon as the call is answered; whether the copy
 * goes well shows later, and a failed one has used up the version all the same. There is no client token: the caller's
 * only guard against copying twice is `latestVersionId`.
 */
export function copyHandlers(world: World) {
  return {
    CopyImageSet(input) {
      const { datastoreId, sourceImageSetId, copyImageSetInformation } = input;
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
      const result = copyResult(world, input, source, destination);
      const copied = lockAndCopy(world, input, { source, destination, result });
      return {
        datastoreId,
        sourceImageSetProperties: propertiesOf(world, copied.source),
        destinationImageSetProperties: propertiesOf(world, copied.destination),
      };
    },
  } satisfies Partial<Handlers<typeof MedicalImaging>>;
}

/** What the copy will come to: the new content of the destination, or why it fails. */
type CopyResult = { readonly metadata: Metadata } | { readonly message: string };

function copyResult(
  world: World,
  { copyImageSetInformation, force }: CopyInput,
  source: ImageSet,
  destination: ImageSet | undefined,
): CopyResult {
  const attributes = copyImageSetInformation.sourceImageSet.DICOMCopies?.copiableAttributes;
  const wanted = attributes === undefined ? undefined : sopInstanceUids(attributes);
  const failure = world.faults.take('failOutcome', 'CopyImageSet');
  if (failure) return { message: failure.message };
  const whole = requireMetadata(world, stateOf(source));
  const content = wanted ? subset(whole, wanted) : whole;
  if (wanted && Object.keys(instancesOf(content)).length < wanted.length) {
    return { message: 'INVALID_REQUEST:  An instance of copiableAttributes is not in SourceImageSet.' };
  }
  if (!destination) return { metadata: content };
  const base = requireMetadata(world, stateOf(destination));
  const level = force ? undefined : mismatch(content, base);
  // The text for Series is AWS's own; those for Patient and Study are made after it.
  if (level) {
    return { message: `INVALID_REQUEST:  ${level} of SourceImageSet and DestinationImageSet don't match.` };
  }
  const taken = instancesOf(base);
  if (Object.keys(instancesOf(content)).some((sopUid) => Object.hasOwn(taken, sopUid))) {
    return { message: 'INVALID_REQUEST:  SOP Instance UIDs of an image set must be unique.' };
  }
  return { metadata: merged(base, content) };
}

function lockAndCopy(
  world: World,
  { force, promoteToPrimary = false }: CopyInput,
  {
    source,
    destination,
    result,
  }: { source: ImageSet; destination: ImageSet | undefined; result: CopyResult },
): { source: ImageSet; destination: ImageSet } {
  const now = Date.now();
  const end = after(now, world.settings.copyMs);
  const failed = 'message' in result;
  const before = stateOf(source);
  const lockedSource: ImageSet = {
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
        from: end,
        imageSetState: 'ACTIVE',
        imageSetWorkflowStatus: failed ? world.settings.sourceStatusAfterFailedCopy : 'COPIED',
      },
    ],
  };
  // Promoting changes the id: what comes of it is always another image set.
  const existing = promoteToPrimary ? undefined : destination;
  const imageSetId = existing?.imageSetId ?? newId();
  const versionId = existing ? nextVersion(stateOf(existing).versionId) : '1';
  const shown = existing && stateOf(existing).metadata;
  const metadata = failed ? shown : keepMetadata(world, imageSetId, versionId, result.metadata);
  const lockedDestination: ImageSet = {
    datastoreId: source.datastoreId,
    imageSetId,
    isPrimary: existing?.isPrimary ?? promoteToPrimary,
    createdAt: existing?.createdAt ?? now,
    phases: [
      ...(existing?.phases ?? []),
      {
        from: now,
        versionId,
        imageSetState: 'LOCKED',
        imageSetWorkflowStatus: 'COPYING',
        forced: force,
        metadata: shown,
      },
      {
        from: end,
        versionId,
        imageSetState: 'ACTIVE',
        imageSetWorkflowStatus: failed ? 'COPY_FAILED' : 'COPIED',
        message: failed ? result.message : undefined,
        forced: force,
        metadata,
      },
    ],
  };
  imageSets(world).put(source.imageSetId, lockedSource);
  imageSets(world).put(imageSetId, lockedDestination);
  return { source: lockedSource, destination: lockedDestination };
}

/** An image set as the call leaves it: in the phase that it begins, whose end is planned already. */
function propertiesOf(world: World, set: ImageSet) {
  const { createdAt, latest } = requireVersion(set, undefined);
  const { imageSetState, imageSetWorkflowStatus, from } = set.phases.at(-2) ?? latest;
  return {
    imageSetId: set.imageSetId,
    latestVersionId: latest.versionId,
    imageSetState,
    imageSetWorkflowStatus,
    createdAt: new Date(createdAt),
    updatedAt: new Date(from),
    imageSetArn: imageSetArn(world, set),
  };
}

/** `{"SchemaVersion":"1.1","Study":{"Series":{"<uid>":{"Instances":{"<uid>":{}}}}}}`, the version also as a number. */
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
