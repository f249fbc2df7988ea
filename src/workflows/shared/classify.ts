import type {
  DatastoreStatus as ImagingDatastoreStatus,
  ImageSetState,
  ImageSetWorkflowStatus,
  JobStatus as ImagingJobStatus,
} from '@aws-sdk/client-medical-imaging';
import type {
  DatastoreStatus as FhirDatastoreStatus,
  JobStatus as FhirJobStatus,
} from '@aws-sdk/client-healthlake';
import type { FailureType } from './failures.ts';

/**
 * What one read of a resource means to the run that awaits it.
 *
 * The classifiers are pure and have no `default` branch: a status that a newer SDK adds is a compile error here. One
 * that only the service knows is "still going", with a warning, until the wait itself ends: the enums grow silently.
 */
export type Verdict =
  | { kind: 'going'; queued?: true; warning?: string }
  | { kind: 'settled'; byAnother?: true }
  | { kind: 'failed'; type: FailureType; why: string };

const GOING: Verdict = { kind: 'going' };
const SETTLED: Verdict = { kind: 'settled' };
const failed = (type: FailureType, why: string): Verdict => ({ kind: 'failed', type, why });
const unknown = (status: string | undefined): Verdict => ({
  kind: 'going',
  warning: `status ${status ?? '(none)'} is not known to this version; taken as still going`,
});

/** A data store of either service; the unions are equal in what the SDKs know. */
export function classifyDatastore(status: ImagingDatastoreStatus | undefined): Verdict {
  switch (status) {
    case 'CREATING':
      return GOING;
    case 'ACTIVE':
      return SETTLED;
    case 'CREATE_FAILED':
      return failed('DatastoreCreateFailed', 'the data store could not be created');
    case 'DELETING':
    case 'DELETED':
      return failed('DatastoreNotUsable', `the data store is ${status}`);
    case undefined:
  }
  return unknown(status);
}

/** A DICOM import job. `COMPLETED` says that the job is over, not that every file is in. */
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
  return unknown(status);
}

/** A FHIR import job. */
export const classifyFhirImport = (status: FhirJobStatus | undefined): Verdict =>
  classifyFhirJob(status, 'ImportJobFailed', 'the import job');

/** A FHIR export job. */
export const classifyFhirExport = (status: FhirJobStatus | undefined): Verdict =>
  classifyFhirJob(status, 'ExportJobFailed', 'the export job');

/** `COMPLETED_WITH_ERRORS` is a result: most of the data may be there. */
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
  return unknown(status);
}

/**
 * A HealthLake data store whose deletion was accepted.
 *
 * @param mayBeStale - so soon after that the deletion need not show; later it has not happened, or was given up
 */
export function classifyDeletion(status: FhirDatastoreStatus | undefined, mayBeStale: boolean): Verdict {
  switch (status) {
    case 'DELETED':
      return SETTLED;
    case 'DELETING':
      return GOING;
    case 'CREATING':
    case 'ACTIVE':
    case 'CREATE_FAILED':
      return mayBeStale
        ? GOING
        : failed('DeleteFailed', `the data store is ${status}, though its deletion was accepted`);
    case undefined:
  }
  return unknown(status);
}

/** The members of GetImageSet that say where an image set stands. */
export interface ImageSetRead {
  versionId?: string | undefined;
  imageSetState?: ImageSetState | undefined;
  imageSetWorkflowStatus?: ImageSetWorkflowStatus | undefined;
  updatedAt?: string | undefined;
}

/** What the awaited change of an image set has announced. */
export interface ExpectedChange {
  /** The version that the reply to the change named. */
  version: string;
  /** What it is called when this change fails. */
  failure: 'CopyFailed' | 'UpdateFailed';
}

/**
 * An image set: free for the next change or, with `expected`, settled after one that was asked for.
 *
 * After a change it is settled when it is not `LOCKED` and has at least the version that the reply has announced. A read
 * that still shows an older version as `ACTIVE` tells nothing of the change, however late it comes: it is still going, until
 * the wait times out. One with a higher version was changed again, by another writer, after the awaited change had ended.
 */
export function classifyImageSet(
  read: ImageSetRead,
  expected?: ExpectedChange,
  whenDeleted: FailureType | undefined = expected?.failure,
): Verdict {
  switch (read.imageSetState) {
    case 'LOCKED':
      return GOING;
    case 'DELETED':
      // Where nothing hangs on it, the next call tells in AWS's own words.
      return whenDeleted ? failed(whenDeleted, 'the image set is deleted') : SETTLED;
    case 'ACTIVE':
      return expected ? classifyChange(read, expected) : SETTLED;
    case undefined:
  }
  return unknown(read.imageSetState);
}

function classifyChange(read: ImageSetRead, { version, failure }: ExpectedChange): Verdict {
  // A reply that announces no version leaves nothing to compare: the state alone decides then.
  const ahead = version === '' ? 0 : Number(read.versionId) - Number(version);
  if (ahead > 0) return { kind: 'settled', byAnother: true };
  return ahead === 0 ? classifyEndOfChange(read, failure) : GOING;
}

function classifyEndOfChange(
  { imageSetWorkflowStatus: status }: ImageSetRead,
  failure: ExpectedChange['failure'],
): Verdict {
  switch (status) {
    case 'COPY_FAILED':
      return failure === 'CopyFailed' ? failed(failure, 'the copy has failed') : SETTLED;
    case 'UPDATE_FAILED':
      return failure === 'UpdateFailed' ? failed(failure, 'the update has failed') : SETTLED;
    case 'IMPORT_FAILED':
    case 'CREATED':
    case 'COPIED':
    case 'COPYING':
    case 'COPYING_WITH_READ_ONLY_ACCESS':
    case 'UPDATING':
    case 'UPDATED':
    case 'DELETING':
    case 'DELETED':
    case 'IMPORTING':
    case 'IMPORTED':
    case undefined:
      return SETTLED;
  }
  // A workflow status of tomorrow: the state is ACTIVE, and the state decides.
  return SETTLED;
}
