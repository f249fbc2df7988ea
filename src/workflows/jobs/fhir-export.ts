import type { JobStatus, StartFHIRExportJobRequest } from '@aws-sdk/client-healthlake';
import type { Polling } from '../../pacing/polling.ts';
import { healthlake } from '../run/activities.ts';
import { classifyFhirExport } from './classify.ts';
import type { Flow } from '../run/flow.ts';
import { startAndAwait, type Job, type JobService } from './job.ts';

/** The members of a flow's input that start an export job. */
export interface NewFhirExport {
  OutputS3Uri: string;
  OutputKmsKeyId: string;
  DataAccessRoleArn: string;
  JobId?: string | undefined;
  polling?: Polling;
}

/** The members of a flow's input that attach to an export job which is running already: none is started. */
export interface RunningFhirExport extends Partial<NewFhirExport> {
  JobId: string;
}

/** The members of a flow's input that export from a data store. */
export type FhirExportInput = NewFhirExport | RunningFhirExport;

/** The job's name and client token, whose names in the input differ from flow to flow; derived where they are absent. */
export type JobNames = Pick<StartFHIRExportJobRequest, 'JobName' | 'ClientToken'>;

/** The result members of every export. */
export interface FhirExportResult {
  jobId: string;
  jobStatus: JobStatus;
  /** The job's own folder: one folder for each resource type, with ndjson files. */
  output?: { uri: string };
  /** What the service says about a job that ended with errors. */
  message?: string;
  /** For the input's client token, AWS returned a job that is older than this run. */
  reusedJob?: true;
}

interface FhirExportJob extends Job {
  status: JobStatus | undefined;
  uri: string | undefined;
}

/**
 * Starts an export job once, or attaches to the one that the input names, and waits until it has ended.
 *
 * @throws ApplicationFailure `ExportJobFailed` with the job's message in the details, or `WaitTimedOut`
 */
export async function exportFhirAndAwait(
  flow: Flow,
  DatastoreId: string,
  input: FhirExportInput & JobNames,
): Promise<FhirExportResult> {
  const { JobId: jobId, polling } = input;
  const { job, reusedJob } = await startAndAwait(flow, fhirExport(flow, DatastoreId, input), {
    jobId,
    polling,
  });
  const result: FhirExportResult = {
    jobId: job.jobId,
    jobStatus: job.status ?? 'COMPLETED',
    ...(job.uri !== undefined && { output: { uri: job.uri } }),
    ...(job.message !== undefined && { message: job.message }),
    ...(reusedJob && { reusedJob }),
  };
  flow.found = result;
  return result;
}

function fhirExport(
  flow: Flow,
  DatastoreId: string,
  input: FhirExportInput & JobNames,
): JobService<FhirExportJob> {
  const { OutputS3Uri: S3Uri, OutputKmsKeyId: KmsKeyId, DataAccessRoleArn } = input;
  return {
    kind: 'fhirJob',
    datastoreId: DatastoreId,
    steps: { start: 'startExportJob', poll: 'pollExportJob' },
    jobName: input.JobName,
    clientToken: input.ClientToken,
    start: async (summary, budget, { jobName: JobName, clientToken: ClientToken }) => {
      const OutputDataConfig = { S3Configuration: { S3Uri, KmsKeyId } };
      const request = { JobName, OutputDataConfig, DatastoreId, DataAccessRoleArn, ClientToken };
      const { JobId = '' } = await flow.change(summary, healthlake.startFHIRExportJob, request, budget);
      return JobId;
    },
    find: (summary, sought) => flow.readLong(summary, healthlake.findFHIRExportJob, sought),
    describe: async (summary, budget, JobId) => {
      const id = { DatastoreId, JobId };
      const { ExportJobProperties } = await flow.read(summary, healthlake.describeFHIRExportJob, id, budget);
      const { JobStatus: status, SubmitTime: submittedAt, Message: message } = ExportJobProperties ?? {};
      const uri = ExportJobProperties?.OutputDataConfig?.S3Configuration?.S3Uri;
      return { jobId: JobId, status, submittedAt, message, uri };
    },
    classify: ({ status }) => classifyFhirExport(status),
  };
}
