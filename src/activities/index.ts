import type { HealthLakeClient } from '@aws-sdk/client-healthlake';
import type { MedicalImagingClient } from '@aws-sdk/client-medical-imaging';
import type { S3Client } from '@aws-sdk/client-s3';
import { checkInputActivity, type WorkerFacts } from './check-input.ts';
import { expandInput } from './expand-input.ts';
import { healthlakeActivities } from './healthlake.ts';
import { importOutcomeActivity } from './import-outcome.ts';
import { importReportsActivity } from './import-reports.ts';
import { listInputActivity } from './list-input.ts';
import { imagingActivities } from './medical-imaging.ts';

export interface AwsClients {
  imaging: MedicalImagingClient;
  healthlake: HealthLakeClient;
  s3: S3Client;
}

/**
 * Every activity of the worker.
 *
 * @param aws - clients with `maxAttempts: 1`: retries are Temporal's alone
 * @param facts - what a run has to know of this worker, asked once a run
 */
export function createActivities(aws: AwsClients, facts: () => Promise<WorkerFacts>) {
  return {
    ...imagingActivities(aws.imaging, aws.s3),
    ...healthlakeActivities(aws.healthlake),
    checkInput: checkInputActivity(facts),
    expandInput,
    listInput: listInputActivity(aws.s3),
    readImportOutcome: importOutcomeActivity(aws.s3),
    readImportReports: importReportsActivity(aws.s3),
  };
}

export type Activities = ReturnType<typeof createActivities>;
