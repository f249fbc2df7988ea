import type { DatastoreStatus } from '@aws-sdk/client-medical-imaging';
import { GOING, SETTLED, failed, unknownStatus, type Verdict } from '../run/verdict.ts';

/** A data store of either service: both SDKs know the same statuses. */
export function classifyDatastore(status: DatastoreStatus | undefined): Verdict {
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
  return unknownStatus(status);
}
