import type { JobStatus } from '@aws-sdk/client-medical-imaging';
import { awaitActive, createOnce } from '../datastores/datastore.ts';
import { imagingDatastores, type NewDatastore } from '../datastores/imaging-datastore.ts';
import { dicomImport, type NewDicomImport, type RunningDicomImport } from '../jobs/dicom-import.ts';
import { runFlow } from '../run/flow.ts';
import { importAndAwait, judge, type ImportResult } from '../jobs/import-job.ts';

interface Tokens {
  datastoreClientToken?: string;
  importClientToken?: string;
}

/** Creates a data store, and imports into it. */
export interface ImportIntoNewDatastore extends NewDatastore, NewDicomImport, Tokens {
  datastoreId?: string;
  jobId?: undefined;
}

/** Imports into a data store that is there already: none is created. */
export interface ImportIntoDatastore extends Partial<NewDatastore>, NewDicomImport, Tokens {
  datastoreId: string;
  jobId?: string;
}

/** Attaches to an import job that is running already in a data store: nothing is created or started. */
export interface RunningImportIntoDatastore extends Partial<NewDatastore>, RunningDicomImport, Tokens {
  datastoreId: string;
}

export type OnboardDatastoreAndImportInput =
  | ImportIntoNewDatastore
  | ImportIntoDatastore
  | RunningImportIntoDatastore;

export interface OnboardDatastoreAndImportResult extends ImportResult {
  datastoreId: string;
  jobId: string;
  jobStatus: JobStatus;
}

/**
 * Creates a HealthImaging data store, waits until it is active, imports DICOM P10 files from S3, and waits until the
 * import job has ended. Then it reads the job's output in S3, because a job can be `COMPLETED` without every file imported.
 *
 * @returns the document's outputs, the outcome, the counts and the failures by reason
 * @throws ApplicationFailure `DatastoreCreateFailed`, `DatastoreNotUsable` (nothing was started), `ImportJobFailed`,
 *   `NothingImported`, `FilesFailed`, `OutcomeUnknown`, `WaitTimedOut`, `ValidationFailed`, or by the AWS exception's
 *   name
 * @see arazzo/onboard-datastore-and-import.yaml
 */
export async function onboardDatastoreAndImport(
  input: OnboardDatastoreAndImportInput,
): Promise<OnboardDatastoreAndImportResult> {
  return runFlow('onboardDatastoreAndImport', input, async (flow) => {
    const { datastoreName, tags, kmsKeyArn, lambdaAuthorizerArn, losslessStorageFormat, polling } = input;

    const clientToken = input.datastoreClientToken;
    const store = { datastoreName, clientToken, tags, kmsKeyArn, lambdaAuthorizerArn, losslessStorageFormat };
    const datastores = imagingDatastores(flow, store);
    const datastoreId = input.datastoreId ?? (await createOnce(flow, datastores, polling)).datastoreId;
    flow.know({ datastoreId });
    if (!input.jobId) await awaitActive(flow, datastores, { datastoreId, polling });

    const service = dicomImport(flow, datastoreId, { ...input, clientToken: input.importClientToken });
    const { job, result } = await importAndAwait(flow, service, input);

    return judge(
      flow,
      { datastoreId, jobId: job.jobId, jobStatus: job.status ?? 'COMPLETED', ...result },
      input,
    );
  });
}
