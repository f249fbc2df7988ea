import type * as MedicalImaging from '@aws-sdk/client-medical-imaging';
import { phaseAt, type Phase, type Timeline } from '../timeline.ts';
import type { World } from '../world.ts';
import type { FileOutcome } from './dicom-import.ts';

export interface ImportJobPhase extends Phase {
  readonly status: MedicalImaging.JobStatus;
  readonly message?: string | undefined;
}

export interface ImportJob extends Timeline<ImportJobPhase> {
  readonly jobId: string;
  readonly jobName: string;
  readonly datastoreId: string;
  readonly dataAccessRoleArn: string;
  readonly inputS3Uri: string;
  /** Expanded: with the folder that is this job's own. */
  readonly outputS3Uri: string;
  readonly submittedAt: number;
  /** The work that is still to be done, and when. */
  readonly due?: { readonly step: 'import' | 'outputs'; readonly at: number } | undefined;
  /** The job will end FAILED with this message. */
  readonly doom?: string | undefined;
  readonly files?: readonly FileOutcome[] | undefined;
}

export const importJobs = ({ store }: World) => store.table<ImportJob>('dicomImportJob');

export const importJobsOf = (world: World, datastoreId: string) =>
  importJobs(world)
    .values()
    .filter((job) => job.datastoreId === datastoreId);

export function isRunning(job: ImportJob): boolean {
  return ['SUBMITTED', 'IN_PROGRESS'].includes(phaseAt(job, Date.now()).status);
}
