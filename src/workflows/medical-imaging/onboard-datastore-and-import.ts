import type { JobStatus } from '@aws-sdk/client-medical-imaging';
import type { NewDatastore, NewDicomImport, RunningDicomImport } from '../../input-rules/inputs.ts';
import { awaitActive, createOnce } from '../datastores/datastore.ts';
import { imagingDatastores } from '../datastores/imaging-datastore.ts';
import { dicomImport } from '../jobs/dicom-import.ts';
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

/** Imports into an existing data store: the run creates none. */
export interface ImportIntoDatastore extends Partial<NewDatastore>, NewDicomImport, Tokens {
  datastoreId: string;
  jobId?: string;
}

/** Attaches to an import job that was started already in a data store: the run creates and starts nothing. */
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
