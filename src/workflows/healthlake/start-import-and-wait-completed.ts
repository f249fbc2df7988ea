import type {
  ImportJobProperties,
  JobProgressReport,
  JobStatus,
  ValidationLevel,
} from '@aws-sdk/client-healthlake';
import type { Json } from '../../activities/operation.ts';
import { fhirImport } from '../shared/fhir-import.ts';
import { runFlow } from '../shared/flow.ts';
import { importAndAwait, judge, type ImportOptions, type ImportResult } from '../shared/import-job.ts';

export interface StartImportAndWaitCompletedInput extends ImportOptions {
  DatastoreId: string;
  InputS3Uri?: string;
  OutputS3Uri?: string;
  OutputKmsKeyId?: string;
  DataAccessRoleArn?: string;
  ClientToken?: string;
  JobName?: string;
  ValidationLevel?: ValidationLevel;
  /** An import job that is running already: none is started. */
  JobId?: string;
}

export interface StartImportAndWaitCompletedResult extends ImportResult {
  jobId: string;
  jobStatus: JobStatus;
  importJobProperties: Json<ImportJobProperties>;
  /** What the service has counted. */
  progress?: Json<JobProgressReport>;
}

/**
 * Imports FHIR resources (ndjson in S3) into a HealthLake data store and waits until the job has ended; then opens up
 * how it ended, line by line where lines have failed.
 *
 * `QUEUED` is waited out: HealthLake runs one import at a time. `COMPLETED_WITH_ERRORS` is a result, marked as such.
 *
 * @returns the document's outputs, the outcome, the counts (in resources) and the failures by reason
 * @throws ApplicationFailure `ImportJobFailed`, `NothingImported`, `FilesFailed`, `WaitTimedOut`, `ValidationFailed`,
 *   or by the AWS exception's name
 * @see arazzo/start-import-and-wait-completed.yaml
 */
export async function startImportAndWaitCompleted(
  input: StartImportAndWaitCompletedInput,
): Promise<StartImportAndWaitCompletedResult> {
  return runFlow('startImportAndWaitCompleted', input, async (flow) => {
    const { DatastoreId, InputS3Uri, OutputS3Uri, OutputKmsKeyId, DataAccessRoleArn } = input;
    flow.know({ datastoreId: DatastoreId });

    const service = fhirImport(flow, DatastoreId, {
      JobName: input.JobName,
      InputDataConfig: { S3Uri: InputS3Uri ?? '' },
      JobOutputDataConfig: { S3Configuration: { S3Uri: OutputS3Uri, KmsKeyId: OutputKmsKeyId } },
      DataAccessRoleArn,
      ClientToken: input.ClientToken,
      ValidationLevel: input.ValidationLevel,
    });
    const { job, result } = await importAndAwait(flow, service, { ...input, jobId: input.JobId });

    const { JobProgressReport: progress } = job.properties;
    return judge(
      {
        jobId: job.jobId,
        jobStatus: job.status ?? 'COMPLETED',
        importJobProperties: job.properties,
        ...(progress && { progress }),
        ...result,
      },
      input,
    );
  });
}
