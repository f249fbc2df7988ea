import type { ExportJobProperties } from '@aws-sdk/client-healthlake';
import type { Json } from '../../activities/operation.ts';
import { healthlake } from '../run/activities.ts';
import {
  exportFhirAndAwait,
  type FhirExportResult,
  type NewFhirExport,
  type RunningFhirExport,
} from '../jobs/fhir-export.ts';
import { runFlow } from '../run/flow.ts';
import { allPages, pageSize } from '../run/pages.ts';

interface List {
  DatastoreId: string;
  ClientToken?: string;
  JobName?: string;
  /** How many jobs to list in one page: 1 to 500. */
  MaxResults?: number | string;
}

/** Starts an export job. */
export interface NewExportAndList extends NewFhirExport, List {
  NextToken?: undefined;
}

/** Attaches to an export job that is running already: none is started. */
export interface RunningExportAndList extends RunningFhirExport, List {
  /** Where the list goes on: the `nextToken` of a result. With `JobId` alone, so that nothing is exported again. */
  NextToken?: string;
}

export type StartExportPollAndListInput = NewExportAndList | RunningExportAndList;

export interface StartExportPollAndListResult extends FhirExportResult {
  /** At most ten pages, and no further page once there are 1,000 jobs. */
  exportJobPropertiesList: Json<ExportJobProperties>[];
  /** Set where there are more jobs. */
  nextToken?: string;
}

/**
 * Exports all FHIR resources of a HealthLake data store to S3, waits until the job has ended, and lists the export jobs of
 * the data store.
 *
 * The run waits while the job is `QUEUED`, because HealthLake runs one export at a time. `COMPLETED_WITH_ERRORS` does not
 * fail the run: it is the `jobStatus` of the result.
 *
 * @returns the document's outputs, and where the files are
 * @throws ApplicationFailure `ExportJobFailed` (nothing is listed), `OutcomeUnknown`, `WaitTimedOut`,
 *   `ValidationFailed`, or by the AWS exception's name
 * @see arazzo/start-export-poll-and-list.yaml
 */
export async function startExportPollAndList(
  input: StartExportPollAndListInput,
): Promise<StartExportPollAndListResult> {
  return runFlow('startExportPollAndList', input, async (flow) => {
    const { DatastoreId } = input;
    const MaxResults = pageSize(input.MaxResults);
    flow.know({ datastoreId: DatastoreId });
    const result = await exportFhirAndAwait(flow, DatastoreId, input);

    const { items, ...more } = await allPages(
      flow,
      'listExportJobs',
      async (summary, NextToken) => {
        const request = { DatastoreId, MaxResults, NextToken };
        const page = await flow.read(summary, healthlake.listFHIRExportJobs, request);
        return { items: page.ExportJobPropertiesList, nextToken: page.NextToken };
      },
      input.NextToken,
    );
    return { ...result, exportJobPropertiesList: items, ...more };
  });
}
