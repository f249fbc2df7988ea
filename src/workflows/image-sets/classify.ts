import type { ImageSetState, ImageSetWorkflowStatus } from '@aws-sdk/client-medical-imaging';
import type { FailureType } from '../run/failures.ts';
import { GOING, SETTLED, failed, unknownStatus, type Verdict } from '../run/verdict.ts';

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
  return unknownStatus(read.imageSetState);
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
