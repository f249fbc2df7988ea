import type { ImportJobProperties } from '@aws-sdk/client-healthlake';
import type { Json } from '../../activities/operation.ts';
import { healthlake } from '../run/activities.ts';
import {
  importFhirAndAwait,
  type FhirImportResult,
  type NewFhirImport,
  type RunningFhirImport,
} from '../jobs/fhir-import.ts';
import { runFlow } from '../run/flow.ts';
import { judge } from '../jobs/import-job.ts';
import { allPages, pageSize } from '../run/pages.ts';

interface List {
  DatastoreId: string;
  ClientToken?: string;
  JobName?: string;
  /** How many jobs to list in one page: 1 to 500. */
  MaxResults?: number | string;
}

/** Starts an import job. */
export interface NewImportAndList extends NewFhirImport, List {
  NextToken?: undefined;
}

/** Attaches to an import job that is running already: none is started. */
export interface RunningImportAndList extends RunningFhirImport, List {
  /** Where the list goes on: the `nextToken` of a result. With `JobId` alone, so that nothing is imported again. */
  NextToken?: string;
}

export type StartImportPollAndListInput = NewImportAndList | RunningImportAndList;

export interface StartImportPollAndListResult extends FhirImportResult {
  /** At most ten pages, and no further page once there are 1,000 jobs. */
  importJobPropertiesList: Json<ImportJobProperties>[];
  /** Set where there are more jobs. */
  nextToken?: string;
}

/**
 * Imports FHIR resources (ndjson in S3) into a HealthLake data store, waits until the job has ended, reads from S3 which
 * resources were imported and which were not, and lists the import jobs of the data store.
 *
 * @returns the document's outputs, the outcome, the counts (in resources) and the failures by reason
 * @throws ApplicationFailure `ImportJobFailed` (nothing is listed), `NothingImported`, `FilesFailed`, `OutcomeUnknown`,
 *   `WaitTimedOut`, `ValidationFailed`, or by the AWS exception's name
 * @see arazzo/start-import-poll-and-list.yaml
 */
export async function startImportPollAndList(
  input: StartImportPollAndListInput,
): Promise<StartImportPollAndListResult> {
  return runFlow('startImportPollAndList', input, async (flow) => {
    const { DatastoreId } = input;
    const MaxResults = pageSize(input.MaxResults);
    flow.know({ datastoreId: DatastoreId });
    const { result } = await importFhirAndAwait(flow, DatastoreId, input);

    const { items, ...more } = await allPages(
      flow,
      'listImportJobs',
      async (summary, NextToken) => {
        const request = { DatastoreId, MaxResults, NextToken };
        const page = await flow.read(summary, healthlake.listFHIRImportJobs, request);
        return { items: page.ImportJobPropertiesList, nextToken: page.NextToken };
      },
      input.NextToken,
    );
    return { ...judge(flow, result, input), importJobPropertiesList: items, ...more };
  });
}
