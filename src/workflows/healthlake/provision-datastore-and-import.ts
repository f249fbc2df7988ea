import type {
  GivenFhirDatastore,
  NewFhirDatastore,
  NewFhirImport,
  RunningFhirImport,
} from '../../input-rules/inputs.ts';
import { provisionFhirDatastore, type FhirDatastoreOutputs } from '../datastores/fhir-datastore.ts';
import { importFhirAndAwait, type FhirImportResult } from '../jobs/fhir-import.ts';
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

/** Imports into an existing data store: the run creates none. */
export interface ImportIntoFhirDatastore extends GivenFhirDatastore, NewFhirImport, Names {}

/** Attaches to an import job that was started already in a data store: the run creates and starts nothing. */
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
