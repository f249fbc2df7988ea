import type * as MedicalImaging from '@aws-sdk/client-medical-imaging';
import { notFound, ServiceError } from '../errors.ts';
import { JobList } from '../job-list.ts';
import type { Handlers, InputOf } from '../protocols/operations.ts';
import { entering, JobFailure, JobRunner, jobStatus, outputFolder } from '../jobs.ts';
import { after } from '../timeline.ts';
import { oncePerToken } from '../tokens.ts';
import type { World } from '../world.ts';
import { requireActive } from './datastore.ts';
import { readImport } from './dicom-import.ts';
import { importJobs, isRunning, runningImports, type ImportJob } from './import-job.ts';
import { writeImportOutputs } from './import-outputs.ts';

export function importJobHandlers(world: World, runner: JobRunner<ImportJob>) {
  const list = new JobList(importJobs(world));

  const create = (input: InputOf<typeof MedicalImaging, 'StartDICOMImportJob'>): string => {
    const { datastoreId, dataAccessRoleArn, inputS3Uri } = input;
    const running = runningImports(world, datastoreId).length;
    if (running >= world.settings.maxConcurrentDicomImports) {
      throw new ServiceError(
        'ServiceQuotaExceededException',
        `${running} imports into the data store are running.`,
      );
    }
    const jobId = world.ids.next('dicomImportJob');
    const now = Date.now();
    const begin = after(now, world.settings.dicomImportSubmittedMs);
    const job: ImportJob = {
      jobId,
      // Optional in the request but always in the reply, so the service must choose a name itself.
      jobName: input.jobName ?? jobId,
      datastoreId,
      dataAccessRoleArn,
      inputS3Uri,
      outputS3Uri: outputFolder(input.outputS3Uri, datastoreId, 'DicomImport', jobId),
      submittedAt: now,
      phases: [
        { from: now, status: 'SUBMITTED' },
        { from: begin, status: 'IN_PROGRESS' },
      ],
      due: { step: 'import', at: after(begin, world.settings.dicomImportMs) },
      doom: world.faults.take('failOutcome', 'StartDICOMImportJob')?.message,
    };
    runner.put(job);
    return jobId;
  };

  return {
    StartDICOMImportJob(input) {
      requireActive(world, input.datastoreId);
      const jobId = oncePerToken(world, 'StartDICOMImportJob', input, () => create(input));
      const { datastoreId, submittedAt } = requireJob(world, input.datastoreId, jobId);
      return { datastoreId, jobId, jobStatus: 'SUBMITTED', submittedAt: new Date(submittedAt) };
    },

    GetDICOMImportJob({ datastoreId, jobId }) {
      requireActive(world, datastoreId);
      const job = requireJob(world, datastoreId, jobId);
      const { inputS3Uri, outputS3Uri } = job;
      return { jobProperties: { ...summaryOf(job), inputS3Uri, outputS3Uri } };
    },

    ListDICOMImportJobs({ datastoreId, jobStatus: wanted, maxResults, nextToken }) {
      requireActive(world, datastoreId);
      const isWanted = (job: ImportJob) => !wanted || jobStatus(job).status === wanted;
      const page = list.page(datastoreId, isWanted, { size: maxResults, token: nextToken });
      return { ...page, jobSummaries: page.items.map(summaryOf) };
    },
  } satisfies Partial<Handlers<typeof MedicalImaging>>;
}

/** The steps of an import job, each of which runs at the time in the job's `due`. */
export function importJobRunner(world: World): JobRunner<ImportJob> {
  return new JobRunner(world, importJobs(world), {
    async import(job) {
      if (job.doom !== undefined) throw new JobFailure(job.doom);
      const { apply } = await readImport(world, job);
      return () => imported(world, { ...job, files: apply() });
    },

    async outputs(job) {
      await writeImportOutputs(world, job);
      return () => ({
        ...job,
        due: undefined,
        // The outputs contain them now. Jobs stay in memory, and the results of two million files would fill it.
        files: undefined,
        phases: isRunning(job) ? entering(job, 'COMPLETED') : job.phases,
      });
    },
  });
}

/** If `manifestLagMs` is 0, the job is COMPLETED only after its manifest has been written. */
function imported(world: World, job: ImportJob): ImportJob {
  const lag = world.settings.manifestLagMs;
  return {
    ...job,
    due: { step: 'outputs', at: after(Date.now(), lag) },
    phases: lag === 0 ? job.phases : entering(job, 'COMPLETED'),
  };
}

function summaryOf(job: ImportJob) {
  const { jobId, jobName, datastoreId, dataAccessRoleArn } = job;
  const { status, message, from } = jobStatus(job);
  return {
    jobId,
    jobName,
    jobStatus: status,
    datastoreId,
    dataAccessRoleArn,
    submittedAt: new Date(job.submittedAt),
    endedAt: isRunning(job) ? undefined : new Date(from),
    message,
  };
}

function requireJob(world: World, datastoreId: string, jobId: string): ImportJob {
  const job = importJobs(world).get(jobId);
  if (job?.datastoreId !== datastoreId) throw notFound(`Import job ${jobId}`);
  return job;
}
