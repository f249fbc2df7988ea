import {
  CopyImageSetCommand,
  CreateDatastoreCommand,
  DeleteDatastoreCommand,
  DeleteImageSetCommand,
  GetDatastoreCommand,
  GetDICOMImportJobCommand,
  GetImageFrameCommand,
  GetImageSetCommand,
  GetImageSetMetadataCommand,
  ListDatastoresCommand,
  ListDICOMImportJobsCommand,
  ListImageSetVersionsCommand,
  ListTagsForResourceCommand,
  SearchImageSetsCommand,
  StartDICOMImportJobCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateImageSetMetadataCommand,
  type GetImageFrameCommandInput,
  type GetImageSetMetadataCommandInput,
  type ImageSetsMetadataSummary,
  type MedicalImagingClient,
  type SearchImageSetsCommandInput,
  type UpdateImageSetMetadataCommandInput,
} from '@aws-sdk/client-medical-imaging';
import type { S3Client } from '@aws-sdk/client-s3';
import { cancellationSignal } from '@temporalio/activity';
import { attributesText } from '../lib/dicom-attributes.ts';
import { storeBlob, type BlobPlace, type BlobReference } from './blobs.ts';
import {
  MetadataReader,
  type AskedUpdate,
  type HeldMetadata,
  type WantedOfMetadata,
} from './image-set-metadata.ts';
import { attempt, operationsOf, type Json } from './operation.ts';
import type { RequestRates } from './retry-delay.ts';

export type { HeldMetadata };

/** A request for metadata, and what to extract from them. */
export interface MetadataInput extends GetImageSetMetadataCommandInput, WantedOfMetadata {
  /** Where to store the blob; where it is absent, the blob is not stored. */
  place?: BlobPlace | undefined;
}

/** The part of the metadata that enters the history. The blob itself is up to 50 MB of patient data. */
export interface MetadataReply {
  blob: BlobReference;
  /** Absent where the blob is not JSON. */
  held?: HeldMetadata;
}

/** An update whose attributes are JSON text, because Temporal passes JSON, and the operation takes bytes. */
export interface UpdateInput
  extends Omit<UpdateImageSetMetadataCommandInput, 'updateImageSetMetadataUpdates'>, AskedUpdate {
  revertToVersionId?: string | undefined;
}

/** The contents of a list of image sets: all that the service returns, or no DICOM attributes. */
export type Summaries = 'full' | 'ids';

export interface SearchInput extends SearchImageSetsCommandInput {
  /** The default is `full`. */
  summaries?: Summaries | undefined;
}

/**
 * One activity for each operation of AWS HealthImaging, by the SDK's method name.
 *
 * @param client - created with `maxAttempts: 1`, because Temporal makes all retries
 * @param s3 - stores the blobs
 * @param rates - the account's request rates, which determine the backoff
 */
export function imagingActivities(client: MedicalImagingClient, s3: S3Client, rates: RequestRates) {
  const { read, change, list } = operationsOf(client, rates);
  const search = list('searchImageSets', SearchImageSetsCommand, 'maxResults');
  const update = change('updateImageSetMetadata', UpdateImageSetMetadataCommand);
  return {
    copyImageSet: change('copyImageSet', CopyImageSetCommand),
    createDatastore: change('createDatastore', CreateDatastoreCommand),
    deleteDatastore: change('deleteDatastore', DeleteDatastoreCommand),
    deleteImageSet: change('deleteImageSet', DeleteImageSetCommand),
    getDatastore: read('getDatastore', GetDatastoreCommand),
    getDICOMImportJob: read('getDICOMImportJob', GetDICOMImportJobCommand),
    getImageSet: read('getImageSet', GetImageSetCommand),
    listDatastores: list('listDatastores', ListDatastoresCommand, 'maxResults'),
    listDICOMImportJobs: list('listDICOMImportJobs', ListDICOMImportJobsCommand, 'maxResults'),
    listImageSetVersions: list('listImageSetVersions', ListImageSetVersionsCommand, 'maxResults'),
    listTagsForImagingResource: read('listTagsForImagingResource', ListTagsForResourceCommand),
    startDICOMImportJob: change('startDICOMImportJob', StartDICOMImportJobCommand),
    tagImagingResource: change('tagImagingResource', TagResourceCommand),
    untagImagingResource: change('untagImagingResource', UntagResourceCommand),

    /** Reads one page. With `ids`, patient data are removed here, so that they do not enter the history. */
    searchImageSets: async ({ summaries, ...request }: SearchInput) => {
      const page = await search(request);
      if (summaries !== 'ids') return page;
      return { ...page, imageSetsMetadataSummaries: page.imageSetsMetadataSummaries?.map(withoutPatient) };
    },

    /** Streams metadata to S3, and returns only what may be in the history. */
    getImageSetMetadata: (input: MetadataInput): Promise<MetadataReply> =>
      attempt('getImageSetMetadata', async () => {
        const { place, includePatient, copiableAttributes, asked, ...request } = input;
        const reply = await client.send(new GetImageSetMetadataCommand(request), {
          abortSignal: cancellationSignal(),
        });
        const { imageSetMetadataBlob: body, contentType = 'application/json', contentEncoding } = reply;
        const reader = new MetadataReader({ includePatient, copiableAttributes, asked });
        const blob = await storeBlob(s3, { body, contentType, contentEncoding }, place, (chunk) =>
          reader.write(chunk),
        );
        // Metadata that are not JSON are no failure: the caller gets the blob.
        const held = await reader.end();
        return { blob, ...(held && { held }) };
      }),

    /** Streams one frame to S3, in the transfer syntax in which it is stored. */
    getImageFrame: ({
      place,
      ...request
    }: GetImageFrameCommandInput & { place?: BlobPlace | undefined }): Promise<BlobReference> =>
      attempt('getImageFrame', async () => {
        const reply = await client.send(new GetImageFrameCommand(request), {
          abortSignal: cancellationSignal(),
        });
        const { imageFrameBlob: body, contentType = 'application/octet-stream' } = reply;
        return storeBlob(s3, { body, contentType }, place);
      }),

    updateImageSetMetadata: ({
      updatableAttributes,
      removableAttributes,
      revertToVersionId,
      ...request
    }: UpdateInput) => {
      const bytes = (json: string | undefined) =>
        json === undefined ? undefined : new TextEncoder().encode(attributesText(json));
      const DICOMUpdates = {
        updatableAttributes: bytes(updatableAttributes),
        removableAttributes: bytes(removableAttributes),
      };
      const updateImageSetMetadataUpdates =
        revertToVersionId === undefined ? { DICOMUpdates } : { revertToVersionId };
      return update({ ...request, updateImageSetMetadataUpdates });
    },
  };
}

/** Lists the members to keep, not those to remove, because the service may add further patient attributes. */
function withoutPatient(summary: Json<ImageSetsMetadataSummary>): Json<ImageSetsMetadataSummary> {
  const { imageSetId, version, createdAt, updatedAt, lastAccessedAt, isPrimary } = summary;
  return { imageSetId, version, createdAt, updatedAt, lastAccessedAt, isPrimary };
}
