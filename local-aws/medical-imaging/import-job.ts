import type * as MedicalImaging from '@aws-sdk/client-medical-imaging';
import { isOpen, jobStatus, unendedJobsOf, type Job } from '../jobs.ts';
import type { World } from '../world.ts';
import type { ImportWarning } from './import-warnings.ts';

/** The result for one input file: the image set that contains it, or why it was not imported. */
export type FileOutcome =
  | {
      readonly inputFile: string;
      readonly imageSetId: string;
      readonly imageSetVersion: number;
      readonly isPrimary: boolean;
      readonly warnings?: readonly ImportWarning[] | undefined;
    }
  | { readonly inputFile: string; readonly exceptionType: string; readonly message: string };

export interface ImportJob extends Job<MedicalImaging.JobStatus, 'import' | 'outputs'> {
  readonly jobName: string;
  readonly datastoreId: string;
  readonly dataAccessRoleArn: string;
  readonly inputS3Uri: string;
  /** The output location of the request, with this job's own folder appended. */
  readonly outputS3Uri: string;
  readonly submittedAt: number;
  /** The job will end FAILED with this message. */
  readonly doom?: string | undefined;
  /** Set by the import, and removed when the outputs have been written. */
  readonly files?: readonly FileOutcome[] | undefined;
}

export const importJobs = ({ store }: World) => store.table<ImportJob>('dicomImportJob');

export const isRunning = (job: ImportJob) => isOpen(jobStatus(job).status);

export const runningImports = (world: World, datastoreId: string) =>
  [...unendedJobsOf(importJobs(world), datastoreId)].filter(isRunning);
