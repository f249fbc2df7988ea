import {
  provisionFhirDatastore,
  type FhirDatastoreOutputs,
  type GivenFhirDatastore,
  type NewFhirDatastore,
} from '../datastores/fhir-datastore.ts';
import { runFlow } from '../run/flow.ts';

/** Creates a data store. */
export interface CreateFhirDatastore extends NewFhirDatastore {
  ClientToken?: string;
}

/** Waits for one that is there already. */
export interface AwaitFhirDatastore extends GivenFhirDatastore {
  ClientToken?: string;
}

export type CreateFhirDatastoreAndWaitActiveInput = CreateFhirDatastore | AwaitFhirDatastore;

/**
 * Creates a HealthLake data store and waits until it is `ACTIVE`.
 *
 * @returns the document's outputs
 * @throws ApplicationFailure `DatastoreCreateFailed` with the service's reason, `DatastoreNotUsable`, `OutcomeUnknown`,
 *   `WaitTimedOut`, `ValidationFailed`, or by the AWS exception's name
 * @see arazzo/create-fhir-datastore-and-wait-active.yaml
 */
export async function createFhirDatastoreAndWaitActive(
  input: CreateFhirDatastoreAndWaitActiveInput,
): Promise<FhirDatastoreOutputs> {
  return runFlow('createFhirDatastoreAndWaitActive', input, (flow) =>
    provisionFhirDatastore(flow, { ClientToken: undefined, ...input }),
  );
}
