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

/** What to do with metadata besides reading them. */
export interface MetadataInput extends GetImageSetMetadataCommandInput, WantedOfMetadata {
  /** Where to put the blob; nowhere where absent. */
  place?: BlobPlace | undefined;
}

/** What a history may hold of an image set's metadata: the blob itself is up to 50 MB of patient data. */
export interface MetadataReply {
  blob: BlobReference;
  /** Absent where the blob is no JSON: then nobody but the caller can tell what it is. */
  held?: HeldMetadata;
}

/** An update whose attributes are JSON, as text: JSON cannot carry the bytes that the operation wants. */
export interface UpdateInput
  extends Omit<UpdateImageSetMetadataCommandInput, 'updateImageSetMetadataUpdates'>, AskedUpdate {
  revertToVersionId?: string | undefined;
}

/** How much a list of image sets tells: all that the service does, or nothing of what stands in the DICOM files. */
export type Summaries = 'full' | 'ids';

export interface SearchInput extends SearchImageSetsCommandInput {
  /** `full` where it is absent. */
  summaries?: Summaries | undefined;
}

/**
 * One activity for each operation of AWS HealthImaging, by the SDK's method name.
 *
 * @param client - made with `maxAttempts: 1`: retries are Temporal's alone
 * @param s3 - where blobs go
 * @param rates - the account's request rates, by which retries are spaced
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

    /** One page of image sets. Patients who are not wanted in the result stay out of the history, too. */
    searchImageSets: async ({ summaries, ...request }: SearchInput) => {
      const page = await search(request);
      if (summaries !== 'ids') return page;
      return { ...page, imageSetsMetadataSummaries: page.imageSetsMetadataSummaries?.map(withoutPatient) };
    },

    /** Streams metadata to where the blob is wanted, and gives what a history may hold of them. */
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
        // What cannot be read here may be read elsewhere.
        const held = await reader.end();
        return { blob, ...(held && { held }) };
      }),

    /** Streams one frame, in the transfer syntax it is stored in, to where it is wanted. */
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

/** Members are named that may stay, not those that may not: the service may add attributes of patients. */
function withoutPatient(summary: Json<ImageSetsMetadataSummary>): Json<ImageSetsMetadataSummary> {
  const { imageSetId, version, createdAt, updatedAt, lastAccessedAt, isPrimary } = summary;
  return { imageSetId, version, createdAt, updatedAt, lastAccessedAt, isPrimary };
}
