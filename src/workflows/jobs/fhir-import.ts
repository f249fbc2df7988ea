import type {
  ImportJobProperties,
  JobProgressReport,
  JobStatus,
  StartFHIRImportJobRequest,
  ValidationLevel,
} from '@aws-sdk/client-healthlake';
import type { Json } from '../../activities/operation.ts';
import { healthlake } from '../run/activities.ts';
import { classifyFhirImport } from './classify.ts';
import type { Flow } from '../run/flow.ts';
import {
  importAndAwait,
  type ImportJob,
  type ImportOptions,
  type ImportResult,
  type ImportService,
} from './import-job.ts';

/** The members of a flow's input that start an import job. */
export interface NewFhirImport extends ImportOptions {
  InputS3Uri: string;
  OutputS3Uri: string;
  OutputKmsKeyId: string;
  DataAccessRoleArn: string;
  ValidationLevel?: ValidationLevel;
  JobId?: string | undefined;
}

/** The members of a flow's input that attach to an import job which is running already: none is started. */
export interface RunningFhirImport extends Partial<NewFhirImport> {
  JobId: string;
}

/** The members of a flow's input that import into a data store. */
export type FhirImportInput = NewFhirImport | RunningFhirImport;

type JobNames = Pick<StartFHIRImportJobRequest, 'JobName' | 'ClientToken'>;

/** What every import gives. Counts are in resources; those in files are `counts.files`. */
export interface FhirImportResult extends ImportResult {
  jobId: string;
  jobStatus: JobStatus;
  /** What the service has counted. */
  progress?: Json<JobProgressReport>;
}

interface FhirImportJob extends ImportJob {
  status: JobStatus | undefined;
  properties: Json<ImportJobProperties>;
}

/**
 * Starts an import job once, or attaches to the one that the input names, waits until it has ended, and opens up how,
 * line by line where lines have failed.
 *
 * @param input - with the job's name and token, which each flow calls differently; derived where they are absent
 * @returns what the flow is to `judge` in the end, and the job as the service has it
 * @throws ApplicationFailure `ImportJobFailed` with the job's message and counts in the details, or `WaitTimedOut`
 */
export async function importFhirAndAwait(
  flow: Flow,
  DatastoreId: string,
  input: FhirImportInput & JobNames,
): Promise<{ result: FhirImportResult; properties: Json<ImportJobProperties> }> {
  const service = fhirImport(flow, DatastoreId, input);
  const { job, result } = await importAndAwait(flow, service, { ...input, jobId: input.JobId });
  const { properties } = job;
  const { JobProgressReport: progress } = properties;
  const jobStatus = job.status ?? 'COMPLETED';
  return { result: { jobId: job.jobId, jobStatus, ...(progress && { progress }), ...result }, properties };
}

/** HealthLake's import jobs. What starts one is not looked at by a run that attaches to one. */
function fhirImport(
  flow: Flow,
  DatastoreId: string,
  input: FhirImportInput & JobNames,
): ImportService<FhirImportJob> {
  return {
    name: 'healthlake',
    kind: 'fhirJob',
    steps: { start: 'startImportJob', poll: 'pollImportJob' },
    datastoreId: DatastoreId,
    jobName: input.JobName,
    clientToken: input.ClientToken,
    start: async (summary, budget, { jobName: JobName, clientToken: ClientToken }) => {
      const { InputS3Uri, OutputS3Uri: S3Uri, OutputKmsKeyId: KmsKeyId } = input;
      const request = {
        JobName,
        InputDataConfig: { S3Uri: InputS3Uri ?? '' },
        JobOutputDataConfig: { S3Configuration: { S3Uri, KmsKeyId } },
        DatastoreId,
        DataAccessRoleArn: input.DataAccessRoleArn,
        ClientToken,
        ValidationLevel: input.ValidationLevel,
      };
      const { JobId = '' } = await flow.change(summary, healthlake.startFHIRImportJob, request, budget);
      return JobId;
    },
    find: (summary, sought) => flow.readLong(summary, healthlake.findFHIRImportJob, sought),
    describe: async (summary, budget, JobId) => {
      const id = { DatastoreId, JobId };
      const { ImportJobProperties } = await flow.read(summary, healthlake.describeFHIRImportJob, id, budget);
      const { outputS3Uri = input.OutputS3Uri, ...job } = toJob(ImportJobProperties ?? NOTHING_SAID);
      return { ...job, jobId: JobId, outputS3Uri };
    },
    classify: ({ status }) => classifyFhirImport(status),
    counters: ({ properties }) => properties.JobProgressReport as Record<string, number> | undefined,
    counts: ({ properties: { JobProgressReport: report } }) =>
      report && {
        scanned: report.TotalNumberOfResourcesScanned ?? 0,
        imported: report.TotalNumberOfResourcesImported ?? 0,
        customerErrors: report.TotalNumberOfResourcesWithCustomerError ?? 0,
        // The report does not count them.
        serverErrors: 0,
        files: {
          scanned: report.TotalNumberOfScannedFiles ?? 0,
          imported: report.TotalNumberOfImportedFiles ?? 0,
          customerErrors: report.TotalNumberOfFilesReadWithCustomerError ?? 0,
        },
      },
  };
}

/** A reply without the member that the model requires: a status that says nothing is waited out. */
const NOTHING_SAID: Json<ImportJobProperties> = {
  JobId: undefined,
  JobStatus: undefined,
  SubmitTime: undefined,
  DatastoreId: undefined,
  InputDataConfig: undefined,
};

function toJob(properties: Json<ImportJobProperties>): FhirImportJob {
  const { JobId = '', JobStatus, SubmitTime, JobOutputDataConfig, Message } = properties;
  return {
    jobId: JobId,
    status: JobStatus,
    submittedAt: SubmitTime,
    outputS3Uri: JobOutputDataConfig?.S3Configuration?.S3Uri,
    message: Message,
    properties,
  };
}
