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
 * One activity for each operation of AWS HealthLake, by the SDK's method name. HealthImaging has tags as well: those
 * operations say whose they are.
 *
 * @param client - made with `maxAttempts: 1`: retries are Temporal's alone
 * @param rates - the account's request rates, by which retries are spaced
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
