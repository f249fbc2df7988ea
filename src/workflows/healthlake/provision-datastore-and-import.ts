import {
  provisionFhirDatastore,
  type FhirDatastoreOutputs,
  type GivenFhirDatastore,
  type NewFhirDatastore,
} from '../datastores/fhir-datastore.ts';
import {
  importFhirAndAwait,
  type FhirImportResult,
  type NewFhirImport,
  type RunningFhirImport,
} from '../jobs/fhir-import.ts';
import { runFlow } from '../run/flow.ts';
import { judge } from '../jobs/import-job.ts';

interface Names {
  CreateClientToken?: string;
  ImportClientToken?: string;
  ImportJobName?: string;
}

/** Creates a data store, and imports into it. */
export interface ImportIntoNewFhirDatastore extends NewFhirDatastore, NewFhirImport, Names {
  JobId?: undefined;
}

/** Imports into a data store that is there already: none is created. */
export interface ImportIntoFhirDatastore extends GivenFhirDatastore, NewFhirImport, Names {}

/** Attaches to an import job that is running already in a data store: nothing is created or started. */
export interface RunningImportIntoFhirDatastore extends GivenFhirDatastore, RunningFhirImport, Names {}

export type ProvisionDatastoreAndImportInput =
  | ImportIntoNewFhirDatastore
  | ImportIntoFhirDatastore
  | RunningImportIntoFhirDatastore;

export interface ProvisionDatastoreAndImportResult
  extends Pick<FhirDatastoreOutputs, 'datastoreId' | 'datastoreArn'>, FhirImportResult {}

/**
 * Creates a HealthLake data store, waits until it is `ACTIVE`, imports FHIR resources (ndjson in S3), waits until the job has
 * ended, and reads from S3 which resources were imported and which were not.
 *
 * @returns the document's outputs, the outcome, the counts (in resources) and the failures by reason
 * @throws ApplicationFailure `DatastoreCreateFailed`, `DatastoreNotUsable` (nothing was started), `ImportJobFailed`,
 *   `NothingImported`, `FilesFailed`, `OutcomeUnknown`, `WaitTimedOut`, `ValidationFailed`, or by the AWS exception's
 *   name
 * @see arazzo/provision-datastore-and-import.yaml
 */
export async function provisionDatastoreAndImport(
  input: ProvisionDatastoreAndImportInput,
): Promise<ProvisionDatastoreAndImportResult> {
  return runFlow('provisionDatastoreAndImport', input, async (flow) => {
    const { CreateClientToken, ImportClientToken, ImportJobName } = input;
    const store = await provisionFhirDatastore(flow, { ...input, ClientToken: CreateClientToken });
    const { datastoreId, datastoreArn } = store;
    const names = { JobName: ImportJobName, ClientToken: ImportClientToken };
    const { result } = await importFhirAndAwait(flow, datastoreId, { ...input, ...names });
    return judge(flow, { datastoreId, datastoreArn, ...result }, input);
  });
}
