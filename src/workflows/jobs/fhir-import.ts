import type {
  ImportJobProperties,
  JobProgressReport,
  JobStatus,
  ValidationLevel,
} from '@aws-sdk/client-healthlake';
import type { ImportCounts } from '../../activities/import-manifest.ts';
import type { Json } from '../../activities/operation.ts';
import { healthlake } from '../run/activities.ts';
import { classifyFhirImport } from './classify.ts';
import type { Flow } from '../run/flow.ts';
import type { JobNames, NewFhirExport } from './fhir-export.ts';
import {
  importAndAwait,
  type ImportJob,
  type ImportOptions,
  type ImportResult,
  type ImportService,
} from './import-job.ts';

/** The members of a flow's input that start an import job. */
export interface NewFhirImport extends NewFhirExport, ImportOptions {
  InputS3Uri: string;
  ValidationLevel?: ValidationLevel;
}

/** The members of a flow's input that attach to an import job which is running already: none is started. */
export interface RunningFhirImport extends Partial<NewFhirImport> {
  JobId: string;
}

/** The members of a flow's input that import into a data store. */
export type FhirImportInput = NewFhirImport | RunningFhirImport;

/** The job as HealthLake describes it. */
export type FhirImportProperties = Partial<Json<ImportJobProperties>>;

/** The result members of every import. Counts are in resources; those in files are `counts.files`. */
export interface FhirImportResult extends ImportResult {
  jobId: string;
  jobStatus: JobStatus;
  /** HealthLake's own counters. */
  progress?: Json<JobProgressReport>;
}

interface FhirImportJob extends ImportJob {
  status: JobStatus | undefined;
  properties: FhirImportProperties;
}

/**
 * Starts an import job once, or attaches to the one that the input names, waits until it has ended, and reads from S3 which
 * resources were imported and which were not.
 *
 * @returns the result, which the flow passes to `judge`, and the job as HealthLake describes it
 * @throws ApplicationFailure `ImportJobFailed` with the job's message and counts in the details, or `WaitTimedOut`
 */
export async function importFhirAndAwait(
  flow: Flow,
  DatastoreId: string,
  input: FhirImportInput & JobNames,
): Promise<{ result: FhirImportResult; properties: FhirImportProperties }> {
  const service = fhirImport(flow, DatastoreId, input);
  const { job, result } = await importAndAwait(flow, service, { ...input, jobId: input.JobId });
  const { properties } = job;
  const { JobProgressReport: progress } = properties;
  const jobStatus = job.status ?? 'COMPLETED';
  return { result: { jobId: job.jobId, jobStatus, ...(progress && { progress }), ...result }, properties };
}

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
      const reply = await flow.read(summary, healthlake.describeFHIRImportJob, id, budget);
      const properties: FhirImportProperties = reply.ImportJobProperties ?? {};
      const { JobProgressReport: report, JobOutputDataConfig: output } = properties;
      return {
        jobId: JobId,
        status: properties.JobStatus,
        submittedAt: properties.SubmitTime,
        message: properties.Message,
        outputS3Uri: output?.S3Configuration?.S3Uri ?? input.OutputS3Uri,
        counters: report as Record<string, number> | undefined,
        progress: report && countsIn(report),
        properties,
      };
    },
    classify: ({ status }) => classifyFhirImport(status),
  };
}

const countsIn = (report: Json<JobProgressReport>): ImportCounts => ({
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
});
