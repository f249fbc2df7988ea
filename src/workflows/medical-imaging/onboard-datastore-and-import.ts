import type {
  CreateDatastoreRequest,
  JobStatus,
  StartDICOMImportJobRequest,
} from '@aws-sdk/client-medical-imaging';
import { awaitActive, createOnce } from '../datastores/datastore.ts';
import { imagingDatastores } from '../datastores/imaging-datastore.ts';
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
  /** An existing data store: none is created. */
  datastoreId?: string;
  /** An import job that was started already, in that data store: the run starts none and waits for this one. */
  jobId?: string;
}

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
    const { dataAccessRoleArn, inputS3Uri, outputS3Uri, inputOwnerAccountId, jobName } = input;

    const clientToken = input.datastoreClientToken;
    const store = { datastoreName, clientToken, tags, kmsKeyArn, lambdaAuthorizerArn, losslessStorageFormat };
    const datastores = imagingDatastores(flow, store);
    const datastoreId = input.datastoreId ?? (await createOnce(flow, datastores, polling)).datastoreId;
    flow.know({ datastoreId });
    if (!input.jobId) await awaitActive(flow, datastores, { datastoreId, polling });

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
