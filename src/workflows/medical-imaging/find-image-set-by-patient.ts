import type { BlobReference } from '../../activities/blobs.ts';
import type { MetadataExtract } from '../../activities/image-set-metadata.ts';
import { imaging } from '../run/activities.ts';
import { blobPlace, type BlobOptions } from './blob-place.ts';
import { runFlow } from '../run/flow.ts';
import { searchImageSets } from '../image-sets/search.ts';

export interface FindImageSetByPatientInput extends BlobOptions {
  datastoreId: string;
  dicomPatientId: string;
  /** The `nextToken` of an earlier result, to continue its list of ids. Then the run reads nothing else. */
  nextToken?: string;
}

export interface FindImageSetByPatientResult {
  /** Absent where the patient has no image set. */
  matchedImageSetId?: string;
  versionId?: string;
  imageSetMetadataBlob?: BlobReference;
  /** Absent where the blob is not JSON. */
  metadata?: MetadataExtract;
  /** All image sets of the patient, including the first match. */
  imageSetIds: string[];
  nextToken?: string;
}

/**
 * Finds the image sets of a patient, and reads the state and the metadata of the first one. The metadata blob is stored in
 * S3, and the result has its URI.
 *
 * @throws ApplicationFailure `ValidationFailed`, or by the AWS exception's name
 * @see arazzo/find-image-set-by-patient.yaml
 */
export async function findImageSetByPatient(
  input: FindImageSetByPatientInput,
): Promise<FindImageSetByPatientResult> {
  return runFlow('findImageSetByPatient', input, async (flow) => {
    const { datastoreId, dicomPatientId, includePatient } = input;
    flow.know({ datastoreId });
    const searchCriteria = {
      filters: [{ operator: 'EQUAL' as const, values: [{ DICOMPatientId: dicomPatientId }] }],
    };
    // The result needs only ids, and no other patient data may enter the history.
    const summaries = 'ids' as const;
    const searchAll = (from?: Pick<FindImageSetByPatientInput, 'nextToken'>) =>
      searchImageSets(flow, '+allOfPatient', { datastoreId, searchCriteria, summaries, ...from });
    if (input.nextToken !== undefined) return idsOf(await searchAll({ nextToken: input.nextToken }));

    const search = { datastoreId, maxResults: 1, searchCriteria, summaries };
    const { imageSetsMetadataSummaries: matches = [], nextToken } = await flow.read(
      'searchByPatient',
      imaging.searchImageSets,
      search,
    );
    // A page may be empty although there are more pages.
    const early = matches.length === 0 && nextToken !== undefined ? await searchAll() : undefined;
    const imageSetId = (early?.imageSetsMetadataSummaries ?? matches)[0]?.imageSetId;
    if (imageSetId === undefined) return idsOf(early ?? { imageSetsMetadataSummaries: [] });
    flow.know({ imageSetId });

    const id = { datastoreId, imageSetId };
    const { versionId = '' } = await flow.read('getMatchedImageSet', imaging.getImageSet, id);
    const place = blobPlace(flow, input, { ...id, versionId }, 'metadata.json.gz');
    const { blob, held } = await flow.readLong(
      'getMatchedMetadata',
      imaging.getImageSetMetadata,
      { ...id, versionId, includePatient, place },
      flow.facts.readBudget,
    );

    const onOnePage = nextToken === undefined ? { imageSetsMetadataSummaries: matches } : undefined;
    return {
      matchedImageSetId: imageSetId,
      versionId,
      imageSetMetadataBlob: blob,
      ...(held && { metadata: held.extract }),
      ...idsOf(early ?? onOnePage ?? (await searchAll())),
    };
  });
}

type Found = Awaited<ReturnType<typeof searchImageSets>>;

const idsOf = ({ imageSetsMetadataSummaries, ...more }: Found) => ({
  imageSetIds: imageSetsMetadataSummaries.map(({ imageSetId = '' }) => imageSetId),
  ...more,
});
