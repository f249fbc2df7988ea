import type {
  CreateDatastoreRequest,
  JobStatus,
  StartDICOMImportJobRequest,
} from '@aws-sdk/client-medical-imaging';
import { awaitDatastore, createDatastore } from '../datastores/imaging-datastore.ts';
import { dicomImport } from '../jobs/dicom-import.ts';
import { runFlow } from '../run/flow.ts';
import { importAndAwait, judge, type ImportOptions, type ImportResult } from '../jobs/import-job.ts';

export interface OnboardDatastoreAndImportInput
  extends
    Omit<CreateDatastoreRequest, 'clientToken'>,
    Partial<Omit<StartDICOMImportJobRequest, 'clientToken'>>,
    ImportOptions {
  datastoreClientToken?: string;
  importClientToken?: string;
  /** A data store that is there already: none is created. */
  datastoreId?: string;
  /** An import job that is running already, in that data store: none is started. */
  jobId?: string;
}

export interface OnboardDatastoreAndImportResult extends ImportResult {
  datastoreId: string;
  jobId: string;
  jobStatus: JobStatus;
}

/**
 * Creates a HealthImaging data store, waits until it is active, imports DICOM P10 files from S3, and waits until the
 * import has ended; then opens up how it ended, since `COMPLETED` does not say that every file is in.
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
    const { dataAccessRoleArn, inputS3Uri, outputS3Uri, inputOwnerAccountId, jobName } = input;

    const clientToken = input.datastoreClientToken;
    const store = { datastoreName, clientToken, tags, kmsKeyArn, lambdaAuthorizerArn, losslessStorageFormat };
    const datastoreId =
      input.datastoreId ?? (await createDatastore(flow, { step: 'createDatastore', polling, ...store }));
    flow.know({ datastoreId });
    if (!input.jobId) await awaitDatastore(flow, { step: 'pollDatastore', datastoreId, polling });

    const request = {
      dataAccessRoleArn,
      clientToken: input.importClientToken,
      inputS3Uri,
      outputS3Uri,
      inputOwnerAccountId,
      jobName,
    };
    const { job, result } = await importAndAwait(flow, dicomImport(flow, datastoreId, request), input);

    return judge(
      flow,
      { datastoreId, jobId: job.jobId, jobStatus: job.status ?? 'COMPLETED', ...result },
      input,
    );
  });
}
