import type { BlobReference } from '../../activities/blobs.ts';
import type { MetadataExtract } from '../../activities/image-set-metadata.ts';
import type { Polling } from '../../pacing/polling.ts';
import { imaging } from '../run/activities.ts';
import { blobPlace, type BlobOptions } from './blob-place.ts';
import { runFlow } from '../run/flow.ts';
import { readUnlocked } from '../image-sets/image-set.ts';

export interface InspectImageSetInput extends BlobOptions {
  datastoreId: string;
  imageSetId: string;
  imageFrameId: string;
  polling?: Polling;
}

export interface InspectImageSetResult {
  versionId: string;
  imageSetMetadataBlob: BlobReference;
  imageFrameBlob: BlobReference;
  /** Absent where the blob is not JSON. */
  metadata?: MetadataExtract;
}

/**
 * Waits until an image set is not locked, and reads its state, its metadata and one of its frames. The blobs are stored in
 * S3, and the result has their URIs.
 *
 * @throws ApplicationFailure `ImageSetNotUsable` (deleted), `WaitTimedOut`, `ValidationFailed`, or by the AWS
 *   exception's name
 * @see arazzo/inspect-image-set.yaml
 */
export async function inspectImageSet(input: InspectImageSetInput): Promise<InspectImageSetResult> {
  return runFlow('inspectImageSet', input, async (flow) => {
    const { datastoreId, imageSetId, imageFrameId, includePatient, polling } = input;
    flow.know({ datastoreId, imageSetId });
    const { versionId = '' } = await readUnlocked(flow, {
      step: 'getImageSet',
      datastoreId,
      imageSetId,
      polling,
      whenDeleted: 'ImageSetNotUsable',
    });

    const place = (name: string) => blobPlace(flow, input, { datastoreId, imageSetId, versionId }, name);
    const { timeout } = flow.pacing('imageSet', polling);
    const { blob, held } = await flow.readLong(
      'getImageSetMetadata',
      imaging.getImageSetMetadata,
      { datastoreId, imageSetId, versionId, includePatient, place: place('metadata.json.gz') },
      timeout,
    );
    const imageFrameBlob = await flow.readLong(
      'getImageFrame',
      imaging.getImageFrame,
      {
        datastoreId,
        imageSetId,
        imageFrameInformation: { imageFrameId },
        place: place(`frames/${imageFrameId}`),
      },
      timeout,
    );
    return { versionId, imageSetMetadataBlob: blob, imageFrameBlob, ...(held && { metadata: held.extract }) };
  });
}
