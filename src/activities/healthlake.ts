import {
  CreateFHIRDatastoreCommand,
  DeleteFHIRDatastoreCommand,
  DescribeFHIRDatastoreCommand,
  DescribeFHIRExportJobCommand,
  DescribeFHIRImportJobCommand,
  ListFHIRDatastoresCommand,
  ListFHIRExportJobsCommand,
  ListFHIRImportJobsCommand,
  ListTagsForResourceCommand,
  StartFHIRExportJobCommand,
  StartFHIRImportJobCommand,
  TagResourceCommand,
  UntagResourceCommand,
  type HealthLakeClient,
} from '@aws-sdk/client-healthlake';
import { operationsOf } from './operation.ts';
import type { RequestRates } from './retry-delay.ts';

/**
 * One activity for each operation of AWS HealthLake, by the SDK's method name. The tag operations name the service, because
 * HealthImaging has the same ones.
 *
 * @param client - created with `maxAttempts: 1`, because Temporal makes all retries
 * @param rates - the account's request rates, which determine the backoff
 */
export function healthlakeActivities(client: HealthLakeClient, rates: RequestRates) {
  const { read, change, list } = operationsOf(client, rates);
  return {
    createFHIRDatastore: change('createFHIRDatastore', CreateFHIRDatastoreCommand),
    deleteFHIRDatastore: change('deleteFHIRDatastore', DeleteFHIRDatastoreCommand),
    describeFHIRDatastore: read('describeFHIRDatastore', DescribeFHIRDatastoreCommand),
    describeFHIRExportJob: read('describeFHIRExportJob', DescribeFHIRExportJobCommand),
    describeFHIRImportJob: read('describeFHIRImportJob', DescribeFHIRImportJobCommand),
    listFHIRDatastores: list('listFHIRDatastores', ListFHIRDatastoresCommand, 'MaxResults'),
    listFHIRExportJobs: list('listFHIRExportJobs', ListFHIRExportJobsCommand, 'MaxResults'),
    listFHIRImportJobs: list('listFHIRImportJobs', ListFHIRImportJobsCommand, 'MaxResults'),
    listTagsForFhirResource: read('listTagsForFhirResource', ListTagsForResourceCommand),
    startFHIRExportJob: change('startFHIRExportJob', StartFHIRExportJobCommand),
    startFHIRImportJob: change('startFHIRImportJob', StartFHIRImportJobCommand),
    tagFhirResource: change('tagFhirResource', TagResourceCommand),
    untagFhirResource: change('untagFhirResource', UntagResourceCommand),
  };
}
