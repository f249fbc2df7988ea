import {
  DescribeFHIRImportJobCommand,
  ListFHIRImportJobsCommand,
  StartFHIRImportJobCommand,
  type HealthLakeClient,
} from '@aws-sdk/client-healthlake';
import { operationsOf } from './operation.ts';

/**
 * One activity for each operation of AWS HealthLake, by the SDK's method name.
 *
 * @param client - made with `maxAttempts: 1`: retries are Temporal's alone
 */
export function healthlakeActivities(client: HealthLakeClient) {
  const { read, change } = operationsOf(client);
  return {
    describeFHIRImportJob: read('describeFHIRImportJob', DescribeFHIRImportJobCommand),
    listFHIRImportJobs: read('listFHIRImportJobs', ListFHIRImportJobsCommand),
    startFHIRImportJob: change('startFHIRImportJob', StartFHIRImportJobCommand),
  };
}
