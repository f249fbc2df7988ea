import type * as HealthLake from '@aws-sdk/client-healthlake';
import { isOpen, jobStatus, type Job } from '../jobs.ts';

/** `queue`: waits until the one before has ended. `begin`, `finish`: does. `outputs`: what it writes to S3 is late. */
export type Step = 'queue' | 'begin' | 'finish' | 'outputs';

/** What imports and exports have in common. */
export interface FhirJob extends Job<HealthLake.JobStatus, Step> {
  readonly jobName?: string | undefined;
  readonly datastoreId: string;
  readonly dataAccessRoleArn: string;
  /** As it was given; `FhirJobs.outputOf` is where the job writes. */
  readonly outputS3Uri: string;
  readonly kmsKeyId: string;
  readonly submittedAt: number;
  /** The job will end FAILED with this message. */
  readonly doom?: string | undefined;
}

export const isQueued = ({ due }: FhirJob) => due?.step === 'queue';

/** A data store runs one import and one export at a time: this is the one. */
export const isBusy = ({ due }: FhirJob) => due?.step === 'begin' || due?.step === 'finish';

/** What DescribeFHIR…Job shows of every job. */
export function propertiesOf(job: FhirJob) {
  const { status, message, from } = jobStatus(job);
  return {
    JobId: job.jobId,
    JobName: job.jobName,
    JobStatus: status,
    SubmitTime: new Date(job.submittedAt),
    EndTime: isOpen(status) ? undefined : new Date(from),
    DatastoreId: job.datastoreId,
    DataAccessRoleArn: job.dataAccessRoleArn,
    Message: message,
  };
}
