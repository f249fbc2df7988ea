import type { DatastoreStatus } from '@aws-sdk/client-healthlake';
import type { Polling } from '../../pacing/polling.ts';
import type { Datastore } from '../datastores/datastore.ts';
import { fhirDatastores, type FhirDatastoreOutputs } from '../datastores/fhir-datastore.ts';
import { healthlake } from '../run/activities.ts';
import { awsDetailsOf, originOf } from '../run/failures.ts';
import { runFlow, type Flow } from '../run/flow.ts';
import { nothing, once } from '../run/once.ts';
import { GOING, SETTLED, failed, unknownStatus, type Verdict } from '../run/verdict.ts';
import { waitFor } from '../run/waiting.ts';

export interface DeleteFhirDatastoreAndConfirmInput {
  DatastoreId: string;
  polling?: Polling;
}

/**
 * Deletes a HealthLake data store with all that is in it, and waits until it is gone.
 *
 * A data store is gone when its status is `DELETED`, or when HealthLake answers `ResourceNotFoundException`. If it is being
 * deleted already, the run waits for that deletion.
 *
 * @returns the document's outputs
 * @throws ApplicationFailure `DeleteFailed` with the service's reason, `OutcomeUnknown`, `WaitTimedOut`,
 *   `ValidationFailed`, or by the AWS exception's name: `ResourceNotFoundException` for a data store that
 *   has never existed
 * @see arazzo/delete-fhir-datastore-and-confirm.yaml
 */
export async function deleteFhirDatastoreAndConfirm(
  input: DeleteFhirDatastoreAndConfirmInput,
): Promise<Omit<FhirDatastoreOutputs, 'datastoreEndpoint'>> {
  return runFlow('deleteFhirDatastoreAndConfirm', input, async (flow) => {
    const { DatastoreId, polling } = input;
    const { deletionLag } = flow.facts;
    const read = readerOf(flow, DatastoreId);
    const findDeletion = async () => {
      const now = await read('+datastoreNow');
      return now.status === 'DELETING' || now.status === 'DELETED' ? now : undefined;
    };
    flow.know({ datastoreId: DatastoreId });

    const { datastoreArn } = await once<void, Pick<FhirDatastoreOutputs, 'datastoreArn'>>(flow, {
      step: 'deleteDatastore',
      kind: 'fhirDatastore',
      polling,
      // HealthLake deletes a data store at most once, and answers a second request with an error.
      guard: 'version',
      prepare: nothing,
      send: async (_, budget) => {
        const request = { DatastoreId };
        try {
          const reply = await flow.change('deleteDatastore', healthlake.deleteFHIRDatastore, request, budget);
          return { datastoreArn: reply.DatastoreArn };
        } catch (error) {
          const found = awsDetailsOf(error).effect === 'conflict' && (await findDeletion());
          if (!found) throw error;
          return found;
        }
      },
      find: async () => {
        const reply = await findDeletion();
        return reply ? { kind: 'ours', reply } : { kind: 'unchanged' };
      },
      lag: deletionLag,
    });

    flow.underWay = { awsDatastoreId: DatastoreId };
    const { read: last } = await waitFor(flow, {
      step: 'pollDatastore',
      kind: 'fhirDatastore',
      polling,
      ours: true,
      read,
      classify: ({ status }, waited) => classifyDeletion(status, waited < deletionLag),
      status: ({ status }) => status,
      explain: ({ message }) => Promise.resolve({ awsMessage: message }),
    });
    flow.underWay = undefined;
    return {
      datastoreId: DatastoreId,
      datastoreArn: datastoreArn ?? last.datastoreArn,
      datastoreStatus: last.status,
    };
  });
}

/** Reads a data store. One that HealthLake does not know any more reads as `DELETED`. */
function readerOf(flow: Flow, DatastoreId: string) {
  const service = fhirDatastores(flow, {});
  return async (summary: string, budget = flow.facts.readBudget): Promise<Datastore> => {
    try {
      return await service.describe(summary, budget, DatastoreId);
    } catch (error) {
      if (originOf(error)?.type !== 'ResourceNotFoundException') throw error;
      return { datastoreId: DatastoreId, status: 'DELETED', createdAt: undefined };
    }
  };
}

/**
 * A HealthLake data store whose deletion HealthLake has accepted.
 *
 * @param mayBeStale - whether a read may still show the status of before the deletion, which is eventually consistent
 */
export function classifyDeletion(status: DatastoreStatus | undefined, mayBeStale: boolean): Verdict {
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
