import type * as HealthLake from '@aws-sdk/client-healthlake';
import { invalid } from '../errors.ts';
import { jobStatus } from '../jobs.ts';
import type { Handlers } from '../protocols/operations.ts';
import type { World } from '../world.ts';
import { propertiesOf } from './fhir-job.ts';
import { FhirJobs } from './fhir-jobs.ts';
import {
  readInput,
  totals,
  type FhirImportJob,
  type FileOutcome,
  type ImportedFiles,
} from './fhir-import.ts';
import { writeImportOutputs } from './import-outputs.ts';
import { keepResources } from './resources.ts';

export function importJobs(world: World): FhirJobs<FhirImportJob> {
  /** The input of the jobs that are IN_PROGRESS. After a restart it is read again. */
  const read = new WeakMap<readonly FileOutcome[], ImportedFiles>();
  const jobs: FhirJobs<FhirImportJob> = new FhirJobs(world, 'Import', {
    async begin(job) {
      const input = await readInput(world, job);
      read.set(input.files, input);
      return { files: input.files };
    },
    // Resources are stored when the job ends, so that a job that fails leaves none in the data store.
    async finish(job) {
      const input = (job.files && read.get(job.files)) ?? (await readInput(world, job));
      return {
        changes: { files: input.files },
        apply: () => keepResources(world, job.datastoreId, input.resources),
      };
    },
    endsAs: ({ files = [] }) => {
      const { failed, unreadableFiles } = totals(files);
      return failed + unreadableFiles > 0 ? 'COMPLETED_WITH_ERRORS' : 'COMPLETED';
    },
    writeOutputs: (job) => writeImportOutputs(world, job, jobs.outputOf(job)),
  });
  return jobs;
}

export function importJobHandlers({ settings }: World, jobs: FhirJobs<FhirImportJob>) {
  const shown = (job: FhirImportJob) => ({
    ...propertiesOf(job),
    InputDataConfig: { S3Uri: job.inputS3Uri },
    JobOutputDataConfig: {
      S3Configuration: {
        S3Uri: settings.fhirOutputExpanded ? jobs.outputOf(job) : job.outputS3Uri,
        KmsKeyId: job.kmsKeyId,
      },
    },
    JobProgressReport: progressOf(job),
    ValidationLevel: job.validationLevel,
  });

  return {
    StartFHIRImportJob(input) {
      const { InputDataConfig, JobOutputDataConfig, ValidationLevel = 'strict' } = input;
      const inputS3Uri = InputDataConfig.S3Uri;
      if (!inputS3Uri) throw invalid('The input is an S3 location.');
      return jobs.start(input, JobOutputDataConfig, (job) => ({
        ...job,
        inputS3Uri,
        validationLevel: ValidationLevel,
      }));
    },

    DescribeFHIRImportJob({ DatastoreId, JobId }) {
      return { ImportJobProperties: shown(jobs.require(DatastoreId, JobId)) };
    },

    ListFHIRImportJobs(input) {
      const { items, nextToken } = jobs.list(input);
      return { ImportJobPropertiesList: items.map(shown), NextToken: nextToken };
    },
  } satisfies Partial<Handlers<typeof HealthLake>>;
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
    TotalNumberOfFilesReadWithCustomerError: sofar(sums.unreadableFiles),
    Throughput: (sums.megabytes * share) / seconds,
  };
}
