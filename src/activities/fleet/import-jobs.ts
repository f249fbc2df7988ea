/** The import jobs of both services, in member names common to both, for the activities that handle many at once. */
import type { ImportJobProperties, ValidationLevel } from '@aws-sdk/client-healthlake';
import type { DICOMImportJobProperties } from '@aws-sdk/client-medical-imaging';
import type { healthlakeActivities } from '../healthlake.ts';
import type { imagingActivities } from '../medical-imaging.ts';
import type { Page } from '../find.ts';
import type { Json } from '../operation.ts';
import type { ImportingService } from '../report-lines.ts';

/** What all jobs of a fleet have in common. */
export interface ImportOrder {
  readonly service: ImportingService;
  readonly datastoreId: string;
  readonly dataAccessRoleArn: string;
  readonly outputS3Uri: string;
  readonly inputOwnerAccountId?: string | undefined;
  /** HealthLake. */
  readonly outputKmsKeyId?: string;
  readonly validationLevel?: ValidationLevel | undefined;
}

export interface SeenJob {
  readonly jobId: string;
  readonly name: string;
  readonly status: string;
  readonly message?: string | undefined;
  readonly submittedAt?: string | undefined;
  readonly endedAt?: string | undefined;
  /** Absent in lists of HealthImaging. */
  readonly inputS3Uri?: string | undefined;
}

/** @typeParam Status - the statuses of {@link ImportJobs.open} */
export interface ImportJobs<Status extends string = string> {
  /** @param mark - the job's name and its client token. @returns the job's id, and AWS's id of the request */
  start(order: ImportOrder, inputS3Uri: string, mark: string): Promise<{ jobId: string; requestId?: string }>;
  /** @param status - lists only jobs with it; undefined lists all */
  list(order: ImportOrder, status: Status | undefined, nextToken: string | undefined): Promise<Page<SeenJob>>;
  get(order: ImportOrder, jobId: string): Promise<SeenJob>;
  /**
   * The statuses of jobs that have not ended, in the order in which a job has them. They must be listed in this order: a job
   * that moves on between two lists is then in both, and not in none.
   */
  readonly open: readonly Status[];
}

export function importJobs(
  imaging: ReturnType<typeof imagingActivities>,
  healthlake: ReturnType<typeof healthlakeActivities>,
): Readonly<Record<ImportingService, ImportJobs>> {
  return { healthlake: fhirJobs(healthlake), 'medical-imaging': dicomJobs(imaging) };
}

function dicomJobs(imaging: ReturnType<typeof imagingActivities>): ImportJobs<'SUBMITTED' | 'IN_PROGRESS'> {
  return {
    open: ['SUBMITTED', 'IN_PROGRESS'],
    start: async ({ datastoreId, dataAccessRoleArn, outputS3Uri, inputOwnerAccountId }, inputS3Uri, mark) => {
      const { jobId = '', requestId } = await imaging.startDICOMImportJob({
        datastoreId,
        dataAccessRoleArn,
        inputS3Uri,
        outputS3Uri,
        inputOwnerAccountId,
        jobName: mark,
        clientToken: mark,
      });
      return { jobId, ...(requestId !== undefined && { requestId }) };
    },
    list: async ({ datastoreId }, status, nextToken) => {
      const page = await imaging.listDICOMImportJobs({
        datastoreId,
        jobStatus: status,
        maxResults: 50,
        nextToken,
      });
      return { items: (page.jobSummaries ?? []).map(seenDicomJob), nextToken: page.nextToken };
    },
    get: async ({ datastoreId }, jobId) => {
      const { jobProperties = {} } = await imaging.getDICOMImportJob({ datastoreId, jobId });
      return seenDicomJob(jobProperties);
    },
  };
}

const seenDicomJob = (job: Partial<Json<DICOMImportJobProperties>>): SeenJob => ({
  jobId: job.jobId ?? '',
  name: job.jobName ?? '',
  status: job.jobStatus ?? '',
  message: job.message,
  submittedAt: job.submittedAt,
  endedAt: job.endedAt,
  inputS3Uri: job.inputS3Uri,
});

function fhirJobs(
  healthlake: ReturnType<typeof healthlakeActivities>,
): ImportJobs<'SUBMITTED' | 'QUEUED' | 'IN_PROGRESS'> {
  return {
    open: ['SUBMITTED', 'QUEUED', 'IN_PROGRESS'],
    start: async ({ datastoreId, outputS3Uri, outputKmsKeyId = '', ...order }, S3Uri, mark) => {
      const { JobId: jobId = '', requestId } = await healthlake.startFHIRImportJob({
        DatastoreId: datastoreId,
        DataAccessRoleArn: order.dataAccessRoleArn,
        InputDataConfig: { S3Uri },
        JobOutputDataConfig: { S3Configuration: { S3Uri: outputS3Uri, KmsKeyId: outputKmsKeyId } },
        ValidationLevel: order.validationLevel,
        JobName: mark,
        ClientToken: mark,
      });
      return { jobId, ...(requestId !== undefined && { requestId }) };
    },
    list: async ({ datastoreId }, status, NextToken) => {
      const page = await healthlake.listFHIRImportJobs({
        DatastoreId: datastoreId,
        JobStatus: status,
        NextToken,
      });
      return { items: (page.ImportJobPropertiesList ?? []).map(seenFhirJob), nextToken: page.NextToken };
    },
    get: async ({ datastoreId }, JobId) => {
      const job = await healthlake.describeFHIRImportJob({ DatastoreId: datastoreId, JobId });
      return seenFhirJob(job.ImportJobProperties ?? {});
    },
  };
}

const seenFhirJob = (job: Partial<Json<ImportJobProperties>>): SeenJob => ({
  jobId: job.JobId ?? '',
  name: job.JobName ?? '',
  status: job.JobStatus ?? '',
  message: job.Message,
  submittedAt: job.SubmitTime,
  endedAt: job.EndTime,
  inputS3Uri: job.InputDataConfig?.S3Uri,
});

/** All pages of a list. */
export async function* allJobs(
  jobs: ImportJobs,
  order: ImportOrder,
  status: string | undefined,
  onPage: () => void,
): AsyncGenerator<SeenJob> {
  let nextToken: string | undefined;
  do {
    const page = await jobs.list(order, status, nextToken);
    yield* page.items;
    ({ nextToken } = page);
    onPage();
  } while (nextToken !== undefined);
}

/** The name and the client token of one try of a job. Both services allow these characters, and 64 of them. */
export const markOf = (planId: string, index: number, attempt: number): string =>
  `${planId}-${index}-${attempt}`;

/** @returns `undefined` for the name of a job that is not of the plan */
export function readMark(planId: string, name: string): { index: number; attempt: number } | undefined {
  const [, index, attempt] =
    /^-(\d+)-(\d+)$/.exec(name.startsWith(planId) ? name.slice(planId.length) : '') ?? [];
  return index === undefined ? undefined : { index: Number(index), attempt: Number(attempt) };
}

/**
 * Why a job has failed, as the code that a message of the service contains, such as `FILE_COUNTS_LIMIT_EXCEEDED`. The rest of
 * a message may hold patient data.
 */
export function reasonOfFailure(message: string | undefined): string {
  const [code] = /\b[A-Z]+(?:_[A-Z]+)+\b/.exec(message ?? '') ?? [];
  if (code !== undefined) return code;
  return /access ?denied|not authorized|assume/i.test(message ?? '') ? 'AccessDenied' : 'FAILED';
}
