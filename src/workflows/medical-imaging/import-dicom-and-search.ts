import type {
  ImageSetsMetadataSummary,
  JobStatus,
  StartDICOMImportJobRequest,
} from '@aws-sdk/client-medical-imaging';
import type { Json } from '../../activities/operation.ts';
import { dicomImport } from '../jobs/dicom-import.ts';
import { runFlow } from '../run/flow.ts';
import { importAndAwait, judge, type ImportOptions, type ImportResult } from '../jobs/import-job.ts';
import { searchImageSets, type ListedImageSets } from '../image-sets/search.ts';

export interface ImportDicomAndSearchInput
  extends Partial<Omit<StartDICOMImportJobRequest, 'datastoreId'>>, ImportOptions, ListedImageSets {
  datastoreId: string;
  /** An import job that is running already: none is started. */
  jobId?: string;
}

export interface ImportDicomAndSearchResult extends ImportResult {
  jobId: string;
  jobStatus: JobStatus;
  /** Of the whole data store: the service does not say which job brought which. `imageSets` are those of this import. */
  firstImageSetId?: string;
  imageSetsMetadataSummaries: Json<ImageSetsMetadataSummary>[];
  /** Where the list of image sets goes on, if it does. A run that is given it, and `jobId`, lists on from there. */
  nextToken?: string;
}

/**
 * Imports DICOM P10 files into a data store, waits until the import has ended, opens up how, and lists the image sets of
 * the data store.
 *
 * @throws ApplicationFailure `ImportJobFailed`, `NothingImported`, `FilesFailed`, `OutcomeUnknown`, `WaitTimedOut`,
 *   `ValidationFailed`, or by the AWS exception's name
 * @see arazzo/import-dicom-and-search.yaml
 */
export async function importDicomAndSearch(
  input: ImportDicomAndSearchInput,
): Promise<ImportDicomAndSearchResult> {
  return runFlow('importDicomAndSearch', input, async (flow) => {
    const {
      datastoreId,
      dataAccessRoleArn,
      clientToken,
      inputS3Uri,
      outputS3Uri,
      inputOwnerAccountId,
      jobName,
    } = input;
    flow.know({ datastoreId });

    const request = { dataAccessRoleArn, clientToken, inputS3Uri, outputS3Uri, inputOwnerAccountId, jobName };
    const { job, result } = await importAndAwait(flow, dicomImport(flow, datastoreId, request), input);

    const found = await searchImageSets(flow, 'searchImageSets', input);
    const firstImageSetId = found.imageSetsMetadataSummaries[0]?.imageSetId;
    const outputs = { jobId: job.jobId, jobStatus: job.status ?? 'COMPLETED', ...found, ...result };
    return judge(flow, { ...outputs, ...(firstImageSetId !== undefined && { firstImageSetId }) }, input);
  });
}
