import type * as HealthLake from '@aws-sdk/client-healthlake';
import { invalid, notFound, ServiceError } from '../errors.ts';
import {
  entering,
  isOpen,
  JobFailure,
  JobRunner,
  jobStatus,
  outputFolder,
  unendedJobsOf,
  type StepWork,
} from '../jobs.ts';
import { JobList } from '../job-list.ts';
import type { InputOf } from '../protocols/operations.ts';
import type { Table } from '../table.ts';
import { after, NEVER } from '../timeline.ts';
import { oncePerToken } from '../tokens.ts';
import type { World } from '../world.ts';
import { requireActive, requireDatastore } from './datastores.ts';
import { isBusy, isQueued, type FhirJob, type Step } from './fhir-job.ts';

type StartInput = Omit<InputOf<typeof HealthLake, 'StartFHIRExportJob'>, 'OutputDataConfig'>;
type OutputConfig = InputOf<typeof HealthLake, 'StartFHIRExportJob'>['OutputDataConfig'];
type ListInput = InputOf<typeof HealthLake, 'ListFHIRExportJobs'>;

/** What makes imports and exports different. */
interface Work<J extends FhirJob> {
  /** Does the slow part of the start. The result is added to the job when it becomes IN_PROGRESS. */
  begin(job: J): Promise<Partial<J>>;
  /** Returns changes of the job, and a function whose changes belong to the commit that ends the job. */
  finish(job: J): Promise<{ readonly changes: Partial<J>; readonly apply: () => void }>;
  endsAs(job: J): 'COMPLETED' | 'COMPLETED_WITH_ERRORS';
  writeOutputs(job: J): Promise<void>;
}

/**
 * The imports of all data stores, or the exports: HealthLake runs one of each per data store, and queues the others, first
 * in, first out.
 */
export class FhirJobs<J extends FhirJob> {
  readonly #world: World;
  readonly #kind: 'Import' | 'Export';
  readonly #work: Work<J>;
  readonly #table: Table<J>;
  readonly #list: JobList<J>;
  readonly #runner: JobRunner<J>;

  constructor(world: World, kind: 'Import' | 'Export', work: Work<J>) {
    this.#world = world;
    this.#kind = kind;
    this.#work = work;
    this.#table = world.store.table<J>(`fhir${kind}Job`);
    this.#list = new JobList(this.#table);
    this.#runner = new JobRunner<J>(world, this.#table, this.#steps(), ({ datastoreId }) =>
      this.#startQueued(datastoreId),
    );
  }

  /** @param make - adds what is special to the kind */
  start(input: StartInput, output: OutputConfig, make: (job: FhirJob) => J) {
    requireActive(this.#world, input.DatastoreId);
    const JobId = oncePerToken(this.#world, `StartFHIR${this.#kind}Job`, input, () =>
      this.#enqueue(make(this.#newJob(input, output))),
    );
    return { JobId, JobStatus: 'SUBMITTED' as const, DatastoreId: input.DatastoreId };
  }

  require(datastoreId: string, jobId: string): J {
    requireDatastore(this.#world, datastoreId);
    const job = this.#table.get(jobId);
    if (job?.datastoreId !== datastoreId) throw notFound(`${this.#kind} job ${jobId}`);
    return job;
  }

  /** A page of the jobs of a data store, newest first. */
  list({ DatastoreId, MaxResults, NextToken, ...filter }: ListInput) {
    requireDatastore(this.#world, DatastoreId);
    const { JobName, JobStatus, SubmittedAfter, SubmittedBefore } = filter;
    const isWanted = (job: J) =>
      (!JobName || job.jobName === JobName) &&
      (!JobStatus || jobStatus(job).status === JobStatus) &&
      job.submittedAt >= Number(SubmittedAfter ?? 0) &&
      job.submittedAt <= Number(SubmittedBefore ?? Infinity);
    return this.#list.page(DatastoreId, isWanted, { size: MaxResults, token: NextToken });
  }

  /** The folder that is this job's own. */
  outputOf({ outputS3Uri, datastoreId, jobId }: J): string {
    return outputFolder(outputS3Uri, datastoreId, `FHIR_${this.#kind.toUpperCase()}`, jobId);
  }

  /** Ends all jobs of a data store that is going to be deleted. */
  abandon(datastoreId: string): void {
    for (const job of this.#unended(datastoreId).filter((job) => isOpen(jobStatus(job).status))) {
      const phases = entering(job, 'FAILED', 'The data store is being deleted.');
      this.#runner.put({ ...job, due: undefined, phases });
    }
  }

  resume(): void {
    this.#runner.resume();
    const waiting = this.#table.values().filter(isQueued);
    for (const datastoreId of new Set(waiting.map((job) => job.datastoreId))) this.#startQueued(datastoreId);
  }

  /** The jobs that have not ended or have work to do, the oldest first. */
  #unended(datastoreId: string): J[] {
    return [...unendedJobsOf(this.#table, datastoreId)].sort((a, b) => a.submittedAt - b.submittedAt);
  }

  #newJob(input: StartInput, { S3Configuration }: OutputConfig): FhirJob {
    if (!S3Configuration) throw invalid('The output is an S3 location.');
    const { faults, ids, settings } = this.#world;
    const now = Date.now();
    return {
      jobId: ids.next('fhirJob'),
      jobName: input.JobName,
      datastoreId: input.DatastoreId,
      dataAccessRoleArn: input.DataAccessRoleArn,
      outputS3Uri: S3Configuration.S3Uri,
      kmsKeyId: S3Configuration.KmsKeyId,
      submittedAt: now,
      phases: [{ from: now, status: 'SUBMITTED' }],
      due: { step: 'begin', at: after(now, settings[`fhir${this.#kind}SubmittedMs`]) },
      doom: faults.take('failOutcome', `StartFHIR${this.#kind}Job`)?.message,
    };
  }

  #enqueue(job: J): string {
    const { settings } = this.#world;
    const others = this.#unended(job.datastoreId);
    const queued = others.filter(isQueued).length;
    if (queued >= settings[`fhir${this.#kind}QueueLength`]) {
      throw new ServiceError(settings.fhirQueueFullError, `${queued} jobs are queued already.`);
    }
    const phases: J['phases'] = [...job.phases, { from: job.due?.at ?? NEVER, status: 'QUEUED' }];
    this.#runner.put(others.some(isBusy) ? { ...job, phases, due: { step: 'queue', at: NEVER } } : job);
    return job.jobId;
  }

  /** Begins the job that has waited longest in a data store, if none runs there. */
  #startQueued(datastoreId: string): void {
    const jobs = this.#unended(datastoreId);
    const next = jobs.find(isQueued);
    if (next && !jobs.some(isBusy)) {
      this.#runner.put({ ...next, due: { step: 'begin', at: Date.now() } });
    }
  }

  #steps(): Record<Step, StepWork<J>> {
    const { settings } = this.#world;
    const begin = async (job: J): Promise<() => J> => {
      const changes = await this.#work.begin(job);
      return () => ({
        ...job,
        ...changes,
        phases: entering(job, 'IN_PROGRESS'),
        due: { step: 'finish', at: after(Date.now(), settings[`fhir${this.#kind}Ms`]) },
      });
    };
    return {
      queue: begin,
      begin,

      finish: async (job) => {
        if (job.doom !== undefined) throw new JobFailure(job.doom);
        const { changes, apply } = await this.#work.finish(job);
        const ended = { ...job, ...changes };
        const lag = settings.manifestLagMs;
        if (lag === 0) await this.#work.writeOutputs(ended);
        return () => {
          apply();
          return {
            ...ended,
            phases: entering(job, this.#work.endsAs(ended)),
            due: lag === 0 ? undefined : { step: 'outputs', at: after(Date.now(), lag) },
          };
        };
      },

      outputs: async (job) => {
        await this.#work.writeOutputs(job);
        return () => ({ ...job, due: undefined });
      },
    };
  }
}
