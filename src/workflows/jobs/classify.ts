import type { JobStatus as FhirJobStatus } from '@aws-sdk/client-healthlake';
import type { JobStatus as ImagingJobStatus } from '@aws-sdk/client-medical-imaging';
import type { FailureType } from '../run/failures.ts';
import { GOING, SETTLED, failed, unknownStatus, type Verdict } from '../run/verdict.ts';

/** A DICOM import job. `COMPLETED` means that the job has ended, not that every file was imported. */
export function classifyImagingImport(status: ImagingJobStatus | undefined): Verdict {
  switch (status) {
    case 'SUBMITTED':
    case 'IN_PROGRESS':
      return GOING;
    case 'COMPLETED':
      return SETTLED;
    case 'FAILED':
      return failed('ImportJobFailed', 'the import job has failed');
    case undefined:
  }
  return unknownStatus(status);
}

export const classifyFhirImport = (status: FhirJobStatus | undefined): Verdict =>
  classifyFhirJob(status, 'ImportJobFailed', 'the import job');

export const classifyFhirExport = (status: FhirJobStatus | undefined): Verdict =>
  classifyFhirJob(status, 'ExportJobFailed', 'the export job');

/** `COMPLETED_WITH_ERRORS` does not fail the run: most of the data may have been imported. */
function classifyFhirJob(status: FhirJobStatus | undefined, type: FailureType, job: string): Verdict {
  switch (status) {
    case 'QUEUED':
      return { kind: 'going', queued: true };
    case 'SUBMITTED':
    case 'IN_PROGRESS':
      return GOING;
    case 'COMPLETED':
    case 'COMPLETED_WITH_ERRORS':
      return SETTLED;
    case 'FAILED':
      return failed(type, `${job} has failed`);
    case 'CANCEL_SUBMITTED':
    case 'CANCEL_IN_PROGRESS':
    case 'CANCEL_COMPLETED':
    case 'CANCEL_FAILED':
      return failed(type, `somebody has cancelled ${job} (${status})`);
    case undefined:
  }
  return unknownStatus(status);
}
