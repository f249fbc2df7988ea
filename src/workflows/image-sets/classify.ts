import type { ImageSetState, ImageSetWorkflowStatus } from '@aws-sdk/client-medical-imaging';
import type { FailureType } from '../run/failures.ts';
import { GOING, SETTLED, failed, unknownStatus, type Verdict } from '../run/verdict.ts';

/** The members of a GetImageSet reply that show the state of an image set. */
export interface ImageSetRead {
  versionId?: string | undefined;
  imageSetState?: ImageSetState | undefined;
  imageSetWorkflowStatus?: ImageSetWorkflowStatus | undefined;
  updatedAt?: string | undefined;
}

/** A change whose end a run waits for. */
export interface ExpectedChange {
  /** The version in the reply to the change. */
  version: string;
  /** The type of the run's failure if the change fails. */
  failure: 'CopyFailed' | 'UpdateFailed';
}

/**
 * Whether an image set is not locked or, with `expected`, whether that change has ended.
 *
 * A change has ended when the image set is not `LOCKED` and has at least the version in the reply to the change. An `ACTIVE`
 * image set with an older version is a stale read, so the run waits on. A newer version means that another writer has
 * changed the image set again, after the expected change had ended.
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
      // Without `whenDeleted`, the next call fails with AWS's own error.
      return whenDeleted ? failed(whenDeleted, 'the image set is deleted') : SETTLED;
    case 'ACTIVE':
      return expected ? classifyChange(read, expected) : SETTLED;
    case undefined:
  }
  return unknownStatus(read.imageSetState);
}

function classifyChange(read: ImageSetRead, { version, failure }: ExpectedChange): Verdict {
  // Without a version in the reply, only the state decides.
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
  }
  // Also for a workflow status that the installed SDK does not know: the state is ACTIVE.
  return SETTLED;
}
