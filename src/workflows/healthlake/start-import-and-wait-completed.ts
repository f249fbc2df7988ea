import {
  importFhirAndAwait,
  type FhirImportProperties,
  type FhirImportResult,
  type NewFhirImport,
  type RunningFhirImport,
} from '../jobs/fhir-import.ts';
import { runFlow } from '../run/flow.ts';
import { judge } from '../jobs/import-job.ts';

interface Names {
  DatastoreId: string;
  ClientToken?: string;
  JobName?: string;
}

/** Starts an import job. */
export interface NewImport extends NewFhirImport, Names {}

/** Attaches to an import job that is running already: none is started. */
export interface RunningImport extends RunningFhirImport, Names {}

export type StartImportAndWaitCompletedInput = NewImport | RunningImport;

export interface StartImportAndWaitCompletedResult extends FhirImportResult {
  importJobProperties: FhirImportProperties;
}

/**
 * Imports FHIR resources (ndjson in S3) into a HealthLake data store, waits until the job has ended, and reads from S3 which
 * resources were imported and which were not.
 *
 * The run waits while the job is `QUEUED`, because HealthLake runs one import at a time. `COMPLETED_WITH_ERRORS` does not
 * fail the run: it is the `jobStatus` of the result.
 *
 * @returns the document's outputs, the outcome, the counts (in resources) and the failures by reason
 * @throws ApplicationFailure `ImportJobFailed`, `NothingImported`, `FilesFailed`, `OutcomeUnknown`, `WaitTimedOut`,
 *   `ValidationFailed`, or by the AWS exception's name
 * @see arazzo/start-import-and-wait-completed.yaml
 */
export async function startImportAndWaitCompleted(
  input: StartImportAndWaitCompletedInput,
): Promise<StartImportAndWaitCompletedResult> {
  return runFlow('startImportAndWaitCompleted', input, async (flow) => {
    const { DatastoreId } = input;
    flow.know({ datastoreId: DatastoreId });
    const { result, properties } = await importFhirAndAwait(flow, DatastoreId, input);
    return judge(flow, { ...result, importJobProperties: properties }, input);
  });
}
