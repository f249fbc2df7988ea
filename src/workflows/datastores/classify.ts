import type { DatastoreStatus as FhirDatastoreStatus } from '@aws-sdk/client-healthlake';
import type { DatastoreStatus as ImagingDatastoreStatus } from '@aws-sdk/client-medical-imaging';
import { GOING, SETTLED, failed, unknownStatus, type Verdict } from '../run/verdict.ts';

/** A data store of either service: both SDKs know the same statuses. */
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
  return unknownStatus(status);
}

/**
 * A HealthLake data store whose deletion HealthLake has accepted.
 *
 * @param mayBeStale - whether a read may still show the status of before the deletion, which is eventually consistent
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
  return unknownStatus(status);
}
