import type { DatastoreStatus } from '@aws-sdk/client-medical-imaging';
import type { Polling } from '../../pacing/polling.ts';
import { awaitActive, createOnce } from '../datastores/datastore.ts';
import { imagingDatastores, type NewDatastore } from '../datastores/imaging-datastore.ts';
import { runFlow } from '../run/flow.ts';

export interface ProvisionDatastoreInput extends NewDatastore {
  clientToken?: string;
  polling?: Polling;
}

export interface ProvisionDatastoreResult {
  datastoreId: string;
  datastoreStatus: DatastoreStatus;
  datastoreArn?: string;
}

/**
 * Creates a HealthImaging data store and waits until it is active.
 *
 * If the creation fails, the run reads the data store once more, which is a step of the document, and then fails.
 *
 * @throws ApplicationFailure `DatastoreCreateFailed`, `DatastoreNotUsable`, `OutcomeUnknown`, `WaitTimedOut`,
 *   `ValidationFailed`, or by the AWS exception's name
 * @see arazzo/provision-datastore.yaml
 */
export async function provisionDatastore(input: ProvisionDatastoreInput): Promise<ProvisionDatastoreResult> {
  return runFlow('provisionDatastore', input, async (flow) => {
    const { polling, ...request } = input;
    const service = imagingDatastores(flow, request);
    const { datastoreId } = await createOnce(flow, service, polling);
    const { status, datastoreArn } = await awaitActive(flow, service, {
      datastoreId,
      polling,
      whenFailed: 'provisioningFailed',
    });
    return {
      datastoreId,
      datastoreStatus: status ?? 'ACTIVE',
      ...(datastoreArn !== undefined && { datastoreArn }),
    };
  });
}
