import {
  provisionFhirDatastore,
  type FhirDatastoreOutputs,
  type GivenFhirDatastore,
  type NewFhirDatastore,
} from '../datastores/fhir-datastore.ts';
import {
  exportFhirAndAwait,
  type FhirExportResult,
  type NewFhirExport,
  type RunningFhirExport,
} from '../jobs/fhir-export.ts';
import { runFlow } from '../run/flow.ts';

interface Names {
  CreateClientToken?: string;
  ExportClientToken?: string;
  ExportJobName?: string;
}

/** Creates a data store, and exports from it. */
export interface ExportFromNewFhirDatastore extends NewFhirDatastore, NewFhirExport, Names {
  JobId?: undefined;
}

/** Exports from a data store that is there already: none is created. */
export interface ExportFromFhirDatastore extends GivenFhirDatastore, NewFhirExport, Names {}

/** Attaches to an export job that is running already in a data store: nothing is created or started. */
export interface RunningExportFromFhirDatastore extends GivenFhirDatastore, RunningFhirExport, Names {}

export type ProvisionDatastoreAndExportInput =
  | ExportFromNewFhirDatastore
  | ExportFromFhirDatastore
  | RunningExportFromFhirDatastore;

export interface ProvisionDatastoreAndExportResult
  extends Pick<FhirDatastoreOutputs, 'datastoreId' | 'datastoreArn'>, FhirExportResult {}

/**
 * Creates a HealthLake data store, waits until it is `ACTIVE`, and exports its contents to S3: the synthetic patients that it
 * was preloaded with, or nothing.
 *
 * @returns the document's outputs, and where the files are
 * @throws ApplicationFailure `DatastoreCreateFailed`, `DatastoreNotUsable` (nothing was started), `ExportJobFailed`,
 *   `OutcomeUnknown`, `WaitTimedOut`, `ValidationFailed`, or by the AWS exception's name
 * @see arazzo/provision-datastore-and-export.yaml
 */
export async function provisionDatastoreAndExport(
  input: ProvisionDatastoreAndExportInput,
): Promise<ProvisionDatastoreAndExportResult> {
  return runFlow('provisionDatastoreAndExport', input, async (flow) => {
    const { CreateClientToken, ExportClientToken, ExportJobName } = input;
    const store = await provisionFhirDatastore(flow, { ...input, ClientToken: CreateClientToken });
    const { datastoreId, datastoreArn } = store;
    const names = { JobName: ExportJobName, ClientToken: ExportClientToken };
    const result = await exportFhirAndAwait(flow, datastoreId, { ...input, ...names });
    return { datastoreId, datastoreArn, ...result };
  });
}
