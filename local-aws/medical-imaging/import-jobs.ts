import type * as MedicalImaging from '@aws-sdk/client-medical-imaging';
import { notFound, ServiceError } from '../errors.ts';
import { pageOf } from '../paging.ts';
import type { Handlers, InputOf } from '../protocols/operations.ts';
import { after, past, phaseAt } from '../timeline.ts';
import { oncePerToken } from '../tokens.ts';
import { newId, type World } from '../world.ts';
import { requireActive } from './datastores.ts';
import { JobFailure, readImport } from './dicom-import.ts';
import { importJobs, importJobsOf, isRunning, type ImportJob, type ImportJobPhase } from './import-job.ts';
import { writeImportOutputs } from './import-outputs.ts';

export function importJobHandlers(world: World) {
  const create = (input: InputOf<typeof MedicalImaging, 'StartDICOMImportJob'>): string => {
    const { datastoreId, dataAccessRoleArn, inputS3Uri } = input;
    const running = importJobsOf(world, datastoreId).filter(isRunning).length;
    if (running >= world.settings.maxConcurrentDicomImports) {
      throw new ServiceError(
        'ServiceQuotaExceededException',
        `${running} imports into the data store are running.`,
      );
    }
    const jobId = newId();
    const now = Date.now();
    const begin = after(now, world.settings.dicomImportSubmittedMs);
    const job: ImportJob = {
      jobId,
      // Optional in the request, never absent in the reply: the service must name it itself.
      jobName: input.jobName ?? jobId,
      datastoreId,
      dataAccessRoleArn,
      inputS3Uri,
      outputS3Uri: `${input.outputS3Uri.replace(/\/?$/, '/')}${datastoreId}-DicomImport-${jobId}/`,
      submittedAt: now,
      phases: [
        { from: now, status: 'SUBMITTED' },
        { from: begin, status: 'IN_PROGRESS' },
      ],
      due: { step: 'import', at: after(begin, world.settings.dicomImportMs) },
      doom: world.faults.take('failOutcome', 'StartDICOMImportJob')?.message,
    };
    put(world, job);
    return jobId;
  };

  return {
    StartDICOMImportJob(input) {
      requireActive(world, input.datastoreId);
      const jobId = oncePerToken(world, 'StartDICOMImportJob', input, () => create(input));
      const job = requireJob(world, input.datastoreId, jobId);
      const { jobStatus, submittedAt } = summaryOf(job);
      return { datastoreId: job.datastoreId, jobId, jobStatus, submittedAt };
    },

    GetDICOMImportJob({ datastoreId, jobId }) {
      requireActive(world, datastoreId);
      const job = requireJob(world, datastoreId, jobId);
      const { inputS3Uri, outputS3Uri } = job;
      return { jobProperties: { ...summaryOf(job), inputS3Uri, outputS3Uri } };
    },

    ListDICOMImportJobs({ datastoreId, jobStatus, maxResults, nextToken }) {
      requireActive(world, datastoreId);
      const found = importJobsOf(world, datastoreId)
        .map(summaryOf)
        .filter((job) => !jobStatus || job.jobStatus === jobStatus)
        .toSorted((a, b) => b.submittedAt.getTime() - a.submittedAt.getTime());
      const page = pageOf(found, ({ jobId }) => jobId, { size: maxResults, token: nextToken });
      return { ...page, jobSummaries: page.items };
    },
  } satisfies Partial<Handlers<typeof MedicalImaging>>;
}

/** Puts the next work of a job on the agenda: when it starts, and after a restart. */
export function enterImportJob(world: World, { jobId, due }: ImportJob): void {
  if (due) world.agenda.enter(jobId, due.at, () => runStep(world, jobId));
  else world.agenda.cancel(jobId);
}

async function runStep(world: World, jobId: string): Promise<void> {
  const job = importJobs(world).get(jobId);
  if (job?.due?.step === 'import') await importFiles(world, job);
  if (job?.due?.step === 'outputs') await writeOutputs(world, job);
}

/**
 * The image sets and the job's account of them become durable in one commit: after a SIGKILL there are both or neither,
 * and an import that is done again does not meet its own image sets.
 */
async function importFiles(world: World, job: ImportJob): Promise<void> {
  try {
    if (job.doom !== undefined) throw new JobFailure(job.doom);
    const { apply } = await readImport(world, job);
    if (isOvertaken(world, job)) return;
    const lag = world.settings.manifestLagMs;
    const imported: ImportJob = {
      ...job,
      files: apply(),
      due: { step: 'outputs', at: after(Date.now(), lag) },
    };
    put(world, lag === 0 ? imported : ended(imported, { status: 'COMPLETED' }));
  } catch (error) {
    const message =
      error instanceof JobFailure ? error.message : 'DICOM import job has failed. INTERNAL_ERROR.';
    put(world, { ...ended(job, { status: 'FAILED', message }), due: undefined });
  }
  await world.store.commit();
}

/** A job without a lag is not over before its manifest is there. */
async function writeOutputs(world: World, job: ImportJob): Promise<void> {
  await writeImportOutputs(world, job);
  if (isOvertaken(world, job)) return;
  put(world, { ...(isRunning(job) ? ended(job, { status: 'COMPLETED' }) : job), due: undefined });
  await world.store.commit();
}

/** Somebody has arranged the job otherwise while its work went on. */
const isOvertaken = (world: World, { jobId, due }: ImportJob) => importJobs(world).get(jobId)?.due !== due;

function ended(job: ImportJob, state: Omit<ImportJobPhase, 'from'>): ImportJob {
  const now = Date.now();
  return { ...job, phases: [...past(job, now), { from: now, ...state }] };
}

function put(world: World, job: ImportJob): void {
  importJobs(world).put(job.jobId, job);
  enterImportJob(world, job);
}

function summaryOf(job: ImportJob) {
  const { jobId, jobName, datastoreId, dataAccessRoleArn } = job;
  const { status, message, from } = phaseAt(job, Date.now());
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
