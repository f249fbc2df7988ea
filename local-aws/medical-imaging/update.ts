import type * as MedicalImaging from '@aws-sdk/client-medical-imaging';
import { invalid } from '../errors.ts';
import type { Handlers, InputOf } from '../protocols/operations.ts';
import type { World } from '../world.ts';
import { requireActive } from './datastore.ts';
import { checkChangeQuota, requireVersion, requireWritable, type ImageSet } from './image-set.ts';
import { beginVersion, begunProperties, type ChangeResult } from './image-set-change.ts';
import { requireMetadata } from './metadata-store.ts';
import { ConstraintBreach, readUpdateDocument, updated } from './metadata-update.ts';

type UpdateInput = InputOf<typeof MedicalImaging, 'UpdateImageSetMetadata'>;

/** UpdateImageSetMetadata: changes attributes, removes instances, or reverts to an earlier version. */
export function updateHandlers(world: World) {
  return {
    UpdateImageSetMetadata(input) {
      const { datastoreId, imageSetId, latestVersionId, force } = input;
      requireActive(world, datastoreId);
      const set = requireWritable(world, datastoreId, imageSetId, latestVersionId);
      checkChangeQuota(world, set, 'UPDATING');
      const updating = beginVersion(world, set, {
        status: 'UPDATING',
        takes: world.settings.updateMs,
        result: updateResult(world, input, set),
        forced: force,
      });
      return { datastoreId, ...begunProperties(updating) };
    },
  } satisfies Partial<Handlers<typeof MedicalImaging>>;
}

function updateResult(
  world: World,
  { force = false, updateImageSetMetadataUpdates }: UpdateInput,
  set: ImageSet,
): ChangeResult {
  const { DICOMUpdates = {}, revertToVersionId } = updateImageSetMetadataUpdates;
  const removable = readUpdateDocument('removableAttributes', DICOMUpdates.removableAttributes);
  const updatable = readUpdateDocument('updatableAttributes', DICOMUpdates.updatableAttributes);
  const base = requireMetadata(world, set, requireVersion(set, revertToVersionId));
  try {
    const metadata = updated(base, { removable, updatable }, { force, isPrimary: set.isPrimary });
    return world.faults.take('failOutcome', 'UpdateImageSetMetadata') ?? { metadata };
  } catch (error) {
    if (!(error instanceof ConstraintBreach)) throw error;
    if (world.settings.metadataConstraintBreach === 'ValidationException') throw invalid(error.message);
    return { message: `INVALID_REQUEST: ${error.message}` };
  }
}
