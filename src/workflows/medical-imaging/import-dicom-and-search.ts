import type { ImageSetsMetadataSummary, JobStatus } from '@aws-sdk/client-medical-imaging';
import type { Json } from '../../activities/operation.ts';
import { dicomImport, type NewDicomImport, type RunningDicomImport } from '../jobs/dicom-import.ts';
import { runFlow } from '../run/flow.ts';
import { importAndAwait, judge, type ImportResult } from '../jobs/import-job.ts';
import { searchImageSets, type ListedImageSets } from '../image-sets/search.ts';

interface Search extends Pick<ListedImageSets, 'summaries'> {
  datastoreId: string;
  clientToken?: string;
}

/** Starts an import job. */
export interface NewImportAndSearch extends NewDicomImport, Search {
  jobId?: string;
  nextToken?: undefined;
}

/** Attaches to an import job that is running already: none is started. */
export interface RunningImportAndSearch extends RunningDicomImport, Search {
  /** Where the list of image sets goes on: the `nextToken` of a result. */
  nextToken?: string;
}

export type ImportDicomAndSearchInput = NewImportAndSearch | RunningImportAndSearch;

export interface ImportDicomAndSearchResult extends ImportResult {
  jobId: string;
  jobStatus: JobStatus;
  /** From the whole data store, because a search cannot filter by job. The image sets of this import are in `imageSets`. */
  firstImageSetId?: string;
  imageSetsMetadataSummaries: Json<ImageSetsMetadataSummary>[];
  /** Set where there are more image sets. A run with it and `jobId` in its input continues the list. */
  nextToken?: string;
}

/**
 * Imports DICOM P10 files into a data store, waits until the import job has ended, reads the job's output, and lists the image
 * sets of the data store.
 *
 * @throws ApplicationFailure `ImportJobFailed`, `NothingImported`, `FilesFailed`, `OutcomeUnknown`, `WaitTimedOut`,
 *   `ValidationFailed`, or by the AWS exception's name
 * @see arazzo/import-dicom-and-search.yaml
 */
export async function importDicomAndSearch(
  input: ImportDicomAndSearchInput,
): Promise<ImportDicomAndSearchResult> {
  return runFlow('importDicomAndSearch', input, async (flow) => {
    const { datastoreId } = input;
    flow.know({ datastoreId });

    const { job, result } = await importAndAwait(flow, dicomImport(flow, datastoreId, input), input);

    const found = await searchImageSets(flow, 'searchImageSets', input);
    const firstImageSetId = found.imageSetsMetadataSummaries[0]?.imageSetId;
    const outputs = { jobId: job.jobId, jobStatus: job.status ?? 'COMPLETED', ...found, ...result };
    return judge(flow, { ...outputs, ...(firstImageSetId !== undefined && { firstImageSetId }) }, input);
  });
}
