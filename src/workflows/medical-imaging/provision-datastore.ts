import type { DatastoreStatus } from '@aws-sdk/client-medical-imaging';
import type { Polling } from '../../pacing/polling.ts';
import { awaitDatastore, createDatastore, type NewDatastore } from '../datastores/imaging-datastore.ts';
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
 * Where that fails, its state is read once more, as the document has it; and then the run fails.
 *
 * @throws ApplicationFailure `DatastoreCreateFailed`, `DatastoreNotUsable`, `OutcomeUnknown`, `WaitTimedOut`,
 *   `ValidationFailed`, or by the AWS exception's name
 * @see arazzo/provision-datastore.yaml
 */
export async function provisionDatastore(input: ProvisionDatastoreInput): Promise<ProvisionDatastoreResult> {
  return runFlow('provisionDatastore', input, async (flow) => {
    const { polling, clientToken, ...store } = input;
    const datastoreId = await createDatastore(flow, {
      step: 'createDatastore',
      polling,
      clientToken,
      ...store,
    });
    const ready = await awaitDatastore(flow, {
      step: 'pollDatastore',
      datastoreId,
      polling,
      whenFailed: 'provisioningFailed',
    });
    return {
      datastoreId,
      datastoreStatus: ready?.datastoreStatus ?? 'ACTIVE',
      ...(ready?.datastoreArn !== undefined && { datastoreArn: ready.datastoreArn }),
    };
  });
}
