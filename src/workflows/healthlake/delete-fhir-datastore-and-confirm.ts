import type { Polling } from '../../pacing/polling.ts';
import { deleteFhirDatastore, type FhirDatastoreOutputs } from '../datastores/fhir-datastore.ts';
import { runFlow } from '../run/flow.ts';

export interface DeleteFhirDatastoreAndConfirmInput {
  DatastoreId: string;
  polling?: Polling;
}

/**
 * Deletes a HealthLake data store with all that is in it, and waits until it is gone.
 *
 * A data store is gone when it is `DELETED`, or when the service knows it no more. A deletion that is under way already
 * is waited for.
 *
 * @returns the document's outputs
 * @throws ApplicationFailure `DeleteFailed` with the service's reason, `OutcomeUnknown`, `WaitTimedOut`,
 *   `ValidationFailed`, or by the AWS exception's name: `ResourceNotFoundException` for a data store that never was
 * @see arazzo/delete-fhir-datastore-and-confirm.yaml
 */
export async function deleteFhirDatastoreAndConfirm(
  input: DeleteFhirDatastoreAndConfirmInput,
): Promise<Omit<FhirDatastoreOutputs, 'datastoreEndpoint'>> {
  return runFlow('deleteFhirDatastoreAndConfirm', input, async (flow) => {
    flow.know({ datastoreId: input.DatastoreId });
    return deleteFhirDatastore(flow, input);
  });
}
