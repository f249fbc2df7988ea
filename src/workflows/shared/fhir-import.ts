import type { ImportJobProperties, StartFHIRImportJobRequest } from '@aws-sdk/client-healthlake';
import type { Json } from '../../activities/operation.ts';
import { healthlake } from './activities.ts';
import { classifyFhirImport } from './classify.ts';
import type { Flow } from './flow.ts';
import type { ImportJob, ImportService } from './import-job.ts';

export interface FhirImportJob extends ImportJob {
  status: ImportJobProperties['JobStatus'];
  properties: Json<ImportJobProperties>;
}

/**
 * HealthLake's import jobs.
 *
 * @param request - what starts a job; not looked at by a run that attaches to one
 */
export function fhirImport(
  flow: Flow,
  DatastoreId: string,
  request: Omit<StartFHIRImportJobRequest, 'DatastoreId'>,
): ImportService<FhirImportJob> {
  return {
    name: 'healthlake',
    kind: 'fhirJob',
    steps: { start: 'startImportJob', poll: 'pollImportJob' },
    datastoreId: DatastoreId,
    jobName: request.JobName,
    clientToken: request.ClientToken,
    start: async (summary, budget, { jobName: JobName, clientToken: ClientToken }) => {
      const input = { ...request, DatastoreId, JobName, ClientToken };
      const { JobId = '' } = await flow.change(summary, healthlake.startFHIRImportJob, input, { budget });
      return JobId;
    },
    list: async (summary, budget, { jobName: JobName, nextToken: NextToken }) => {
      const input = { DatastoreId, JobName, NextToken };
      const page = await flow.read(summary, healthlake.listFHIRImportJobs, input, budget);
      return { items: (page.ImportJobPropertiesList ?? []).map(toJob), nextToken: page.NextToken };
    },
    describe: async (summary, budget, JobId) => {
      const input = { DatastoreId, JobId };
      const { ImportJobProperties } = await flow.read(
        summary,
        healthlake.describeFHIRImportJob,
        input,
        budget,
      );
      return toJob(ImportJobProperties ?? NOTHING_SAID);
    },
    classify: ({ status }) => classifyFhirImport(status),
    counters: ({ properties }) => properties.JobProgressReport as Record<string, number> | undefined,
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
  const { JobId = '', JobName, JobStatus, SubmitTime, JobOutputDataConfig, Message } = properties;
  return {
    jobId: JobId,
    jobName: JobName,
    status: JobStatus,
    submittedAt: SubmitTime,
    outputS3Uri: JobOutputDataConfig?.S3Configuration?.S3Uri,
    message: Message,
    properties,
  };
}
