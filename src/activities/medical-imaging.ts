import {
  CopyImageSetCommand,
  CreateDatastoreCommand,
  GetDatastoreCommand,
  GetDICOMImportJobCommand,
  GetImageSetCommand,
  GetImageSetMetadataCommand,
  ListDatastoresCommand,
  ListDICOMImportJobsCommand,
  ListImageSetVersionsCommand,
  SearchImageSetsCommand,
  StartDICOMImportJobCommand,
  type GetImageSetMetadataCommandInput,
  type MedicalImagingClient,
} from '@aws-sdk/client-medical-imaging';
import { cancellationSignal } from '@temporalio/activity';
import { digestInstances, type InstancesDigest } from './image-set-metadata.ts';
import { attempt, operationsOf } from './operation.ts';

/**
 * One activity for each operation of AWS HealthImaging, by the SDK's method name.
 *
 * @param client - made with `maxAttempts: 1`: retries are Temporal's alone
 */
export function imagingActivities(client: MedicalImagingClient) {
  const { read, change } = operationsOf(client);
  return {
    copyImageSet: change('copyImageSet', CopyImageSetCommand),
    createDatastore: change('createDatastore', CreateDatastoreCommand),
    getDatastore: read('getDatastore', GetDatastoreCommand),
    getDICOMImportJob: read('getDICOMImportJob', GetDICOMImportJobCommand),
    getImageSet: read('getImageSet', GetImageSetCommand),
    listDatastores: read('listDatastores', ListDatastoresCommand),
    listDICOMImportJobs: read('listDICOMImportJobs', ListDICOMImportJobsCommand),
    listImageSetVersions: read('listImageSetVersions', ListImageSetVersionsCommand),
    searchImageSets: read('searchImageSets', SearchImageSetsCommand),
    startDICOMImportJob: change('startDICOMImportJob', StartDICOMImportJobCommand),

    /**
     * The metadata blob is up to 50 MB of patient data, which must not pass through a workflow's history: what comes
     * back is a digest of the instances it holds.
     *
     * @param input - the operation's input; `copiableAttributes` narrows the digest to the instances it names
     */
    getImageSetMetadata: ({
      copiableAttributes,
      ...input
    }: GetImageSetMetadataCommandInput & { copiableAttributes?: string }): Promise<InstancesDigest> =>
      attempt('getImageSetMetadata', async () => {
        const reply = await client.send(new GetImageSetMetadataCommand(input), {
          abortSignal: cancellationSignal(),
        });
        const blob = await reply.imageSetMetadataBlob?.transformToByteArray();
        return digestInstances(blob ?? new Uint8Array(), copiableAttributes);
      }),
  };
}
