import type * as HealthLake from '@aws-sdk/client-healthlake';
import { outputFolder, type Job } from '../jobs.ts';
import type { World } from '../world.ts';
import type { FileOutcome } from './fhir-import.ts';

/** `queue`: waits until the one before has ended. `read`: begins. `finish`: ends. `outputs`: the manifest is late. */
export type Step = 'queue' | 'read' | 'finish' | 'outputs';

export interface FhirImportJob extends Job<HealthLake.JobStatus, Step> {
  readonly jobName?: string | undefined;
  readonly datastoreId: string;
  readonly dataAccessRoleArn: string;
  readonly inputS3Uri: string;
  /** As it was given; {@link outputOf} is where the job writes. */
  readonly outputS3Uri: string;
  readonly kmsKeyId: string;
  readonly validationLevel: HealthLake.ValidationLevel;
  readonly submittedAt: number;
  /** The job will end FAILED with this message. */
  readonly doom?: string | undefined;
  readonly files?: readonly FileOutcome[] | undefined;
}

export const importJobs = ({ store }: World) => store.table<FhirImportJob>('fhirImportJob');

export const importJobsOf = (world: World, datastoreId: string) =>
  importJobs(world)
    .values()
    .filter((job) => job.datastoreId === datastoreId)
    .toSorted((a, b) => a.submittedAt - b.submittedAt);

/** The data store runs one import at a time: this is the one. */
export const isBusy = ({ due }: FhirImportJob) => due?.step === 'read' || due?.step === 'finish';

/** The folder that is this job's own. */
export const outputOf = ({ outputS3Uri, datastoreId, jobId }: FhirImportJob) =>
  outputFolder(outputS3Uri, datastoreId, 'FHIR_IMPORT', jobId);
