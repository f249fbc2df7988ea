import type * as HealthLake from '@aws-sdk/client-healthlake';
import { invalid, notFound, ServiceError } from '../errors.ts';
import { entering, isOpen, JobFailure, JobRunner, jobStatus, type StepWork } from '../jobs.ts';
import { pageOf } from '../paging.ts';
import type { Handlers, InputOf } from '../protocols/operations.ts';
import { after, NEVER } from '../timeline.ts';
import { oncePerToken } from '../tokens.ts';
import { newId, type World } from '../world.ts';
import { requireActive, requireDatastore } from './datastores.ts';
import { readInput, totals } from './fhir-import.ts';
import { importJobs, importJobsOf, isBusy, outputOf, type FhirImportJob, type Step } from './import-job.ts';
import { writeImportOutputs } from './import-outputs.ts';

export function importJobHandlers(world: World, runner: JobRunner<FhirImportJob>) {
  const create = (input: InputOf<typeof HealthLake, 'StartFHIRImportJob'>): string => {
    const jobs = importJobsOf(world, input.DatastoreId);
    const queued = jobs.filter(({ due }) => due?.step === 'queue').length;
    if (queued >= world.settings.fhirImportQueueLength) {
      throw new ServiceError(world.settings.fhirQueueFullError, `${queued} imports are queued already.`);
    }
    const job = newJob(world, input);
    runner.put(jobs.some(isBusy) ? inQueue(world, job) : job);
    return job.jobId;
  };

  return {
    StartFHIRImportJob(input) {
      requireActive(world, input.DatastoreId);
      const JobId = oncePerToken(world, 'StartFHIRImportJob', input, () => create(input));
      return { JobId, JobStatus: 'SUBMITTED', DatastoreId: input.DatastoreId };
    },

    DescribeFHIRImportJob({ DatastoreId, JobId }) {
      requireDatastore(world, DatastoreId);
      return { ImportJobProperties: propertiesOf(world, requireJob(world, DatastoreId, JobId)) };
    },

    ListFHIRImportJobs({ DatastoreId, MaxResults, NextToken, ...filter }) {
      requireDatastore(world, DatastoreId);
      const found = importJobsOf(world, DatastoreId)
        .map((job) => propertiesOf(world, job))
        .filter((job) => !filter.JobName || job.JobName === filter.JobName)
        .filter((job) => !filter.JobStatus || job.JobStatus === filter.JobStatus)
        .filter((job) => !filter.SubmittedAfter || job.SubmitTime >= filter.SubmittedAfter)
        .filter((job) => !filter.SubmittedBefore || job.SubmitTime <= filter.SubmittedBefore)
        .toReversed();
      const page = pageOf(found, ({ JobId }) => JobId, { size: MaxResults, token: NextToken });
      return { ImportJobPropertiesList: page.items, NextToken: page.nextToken };
    },
  } satisfies Partial<Handlers<typeof HealthLake>>;
}

function newJob(world: World, input: InputOf<typeof HealthLake, 'StartFHIRImportJob'>): FhirImportJob {
  const { S3Uri: inputS3Uri } = input.InputDataConfig;
  const { S3Configuration } = input.JobOutputDataConfig;
  if (!inputS3Uri || !S3Configuration) throw invalid('The input and the output are S3 locations.');
  const jobId = newId();
  const now = Date.now();
  return {
    jobId,
    jobName: input.JobName,
    datastoreId: input.DatastoreId,
    dataAccessRoleArn: input.DataAccessRoleArn,
    inputS3Uri,
    outputS3Uri: S3Configuration.S3Uri,
    kmsKeyId: S3Configuration.KmsKeyId,
    validationLevel: input.ValidationLevel ?? 'strict',
    submittedAt: now,
    phases: [{ from: now, status: 'SUBMITTED' }],
    due: { step: 'read', at: after(now, world.settings.fhirImportSubmittedMs) },
    doom: world.faults.take('failOutcome', 'StartFHIRImportJob')?.message,
  };
}

/** HealthLake runs one import per data store; further ones are QUEUED, first in, first out. */
function inQueue({ settings }: World, job: FhirImportJob): FhirImportJob {
  const from = after(job.submittedAt, settings.fhirImportSubmittedMs);
  return {
    ...job,
    phases: [...job.phases, { from, status: 'QUEUED' }],
    due: { step: 'queue', at: NEVER },
  };
}

/** What an import does when its time has come. */
export function importJobRunner(world: World): JobRunner<FhirImportJob> {
  const begin = async (job: FhirImportJob): Promise<() => FhirImportJob> => {
    const files = await readInput(world, job);
    return () => ({
      ...job,
      files,
      phases: entering(job, 'IN_PROGRESS'),
      due: { step: 'finish', at: after(Date.now(), world.settings.fhirImportMs) },
    });
  };

  const steps = {
    queue: begin,
    read: begin,

    async finish(job: FhirImportJob) {
      if (job.doom !== undefined) throw new JobFailure(job.doom);
      const lag = world.settings.manifestLagMs;
      if (lag === 0) await writeImportOutputs(world, job);
      const someFailed = totals(job.files ?? []).failed > 0;
      return () => ({
        ...job,
        phases: entering(job, someFailed ? 'COMPLETED_WITH_ERRORS' : 'COMPLETED'),
        due: lag === 0 ? undefined : { step: 'outputs' as const, at: after(Date.now(), lag) },
      });
    },

    async outputs(job: FhirImportJob) {
      await writeImportOutputs(world, job);
      return () => ({ ...job, due: undefined });
    },
  } satisfies Record<Step, StepWork<FhirImportJob>>;

  const runner: JobRunner<FhirImportJob> = new JobRunner(world, importJobs(world), steps, () =>
    startQueued(world, runner),
  );
  return runner;
}

/** Begins the import that has waited longest, in every data store where none runs. */
export function startQueued(world: World, runner: JobRunner<FhirImportJob>): void {
  const datastoreIds = new Set(
    importJobs(world)
      .values()
      .map(({ datastoreId }) => datastoreId),
  );
  for (const datastoreId of datastoreIds) {
    const jobs = importJobsOf(world, datastoreId);
    const next = jobs.find(({ due }) => due?.step === 'queue');
    if (next && !jobs.some(isBusy)) runner.put({ ...next, due: { step: 'read', at: Date.now() } });
  }
}

function propertiesOf({ settings }: World, job: FhirImportJob) {
  const S3Uri = settings.fhirOutputExpanded ? outputOf(job) : job.outputS3Uri;
  const { status, message, from } = jobStatus(job);
  return {
    JobId: job.jobId,
    JobName: job.jobName,
    JobStatus: status,
    SubmitTime: new Date(job.submittedAt),
    EndTime: isOpen(status) ? undefined : new Date(from),
    DatastoreId: job.datastoreId,
    InputDataConfig: { S3Uri: job.inputS3Uri },
    JobOutputDataConfig: { S3Configuration: { S3Uri, KmsKeyId: job.kmsKeyId } },
    JobProgressReport: progressOf(job),
    DataAccessRoleArn: job.dataAccessRoleArn,
    Message: message,
    ValidationLevel: job.validationLevel,
  };
}

/** Counters that grow while the job is IN_PROGRESS and stay once it has ended. */
function progressOf(job: FhirImportJob): HealthLake.JobProgressReport | undefined {
  if (!job.files) return undefined;
  const begun = job.phases.find(({ status }) => status === 'IN_PROGRESS')?.from ?? job.submittedAt;
  const duration = job.due?.step === 'finish' ? job.due.at - begun : 0;
  const share = duration > 0 ? Math.min((Date.now() - begun) / duration, 1) : 1;
  const sums = totals(job.files);
  const seconds = Math.max((jobStatus(job).from - begun) / 1000, 1);
  const sofar = (total: number) => Math.floor(total * share);
  return {
    TotalNumberOfScannedFiles: sofar(sums.files),
    TotalSizeOfScannedFilesInMB: sums.megabytes * share,
    TotalNumberOfImportedFiles: sofar(sums.filesImported),
    TotalNumberOfResourcesScanned: sofar(sums.imported) + sofar(sums.failed),
    TotalNumberOfResourcesImported: sofar(sums.imported),
    TotalNumberOfResourcesWithCustomerError: sofar(sums.failed),
    TotalNumberOfFilesReadWithCustomerError: sofar(sums.filesWithErrors),
    Throughput: (sums.megabytes * share) / seconds,
  };
}

function requireJob(world: World, datastoreId: string, jobId: string): FhirImportJob {
  const job = importJobs(world).get(jobId);
  if (job?.datastoreId !== datastoreId) throw notFound(`Import job ${jobId}`);
  return job;
}
