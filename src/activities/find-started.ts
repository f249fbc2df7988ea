import type { ExportJobProperties, ImportJobProperties } from '@aws-sdk/client-healthlake';
import {
  findIn,
  judgeDatastore,
  judgeJob,
  type Page,
  type Sighting,
  type SoughtDatastore,
  type SoughtJob,
} from './find.ts';
import type { healthlakeActivities } from './healthlake.ts';
import type { imagingActivities } from './medical-imaging.ts';
import type { Json } from './operation.ts';

type FhirJob = Json<ImportJobProperties> | Json<ExportJobProperties>;

interface FhirJobFilter {
  DatastoreId: string;
  JobName: string;
  NextToken: string | undefined;
}

/**
 * Activities that search for a job or data store whose start request had a lost reply: AWS may have created it, and another
 * start request would create a second one.
 */
export function findActivities(
  imaging: ReturnType<typeof imagingActivities>,
  healthlake: ReturnType<typeof healthlakeActivities>,
) {
  const findFhirJob =
    (list: (filter: FhirJobFilter) => Promise<Page<FhirJob>>) =>
    (sought: SoughtJob): Promise<Sighting> =>
      findIn(
        (NextToken) => list({ DatastoreId: sought.datastoreId, JobName: sought.jobName, NextToken }),
        ({ JobId: id, JobName: name, SubmitTime: submittedAt }) =>
          judgeJob(sought, { id, name, submittedAt }),
      );
  return {
    /** Reads all jobs, because HealthImaging cannot filter them by name and documents no order. */
    findDICOMImportJob: (sought: SoughtJob): Promise<Sighting> =>
      findIn(
        async (nextToken) => {
          const { datastoreId } = sought;
          const page = await imaging.listDICOMImportJobs({ datastoreId, maxResults: 50, nextToken });
          return { items: page.jobSummaries ?? [], nextToken: page.nextToken };
        },
        ({ jobId: id, jobName: name, submittedAt }) => judgeJob(sought, { id, name, submittedAt }),
      ),

    findFHIRImportJob: findFhirJob(async (filter) => {
      const page = await healthlake.listFHIRImportJobs(filter);
      return { items: page.ImportJobPropertiesList ?? [], nextToken: page.NextToken };
    }),

    findFHIRExportJob: findFhirJob(async (filter) => {
      const page = await healthlake.listFHIRExportJobs(filter);
      return { items: page.ExportJobPropertiesList ?? [], nextToken: page.NextToken };
    }),

    findDatastore: (sought: SoughtDatastore): Promise<Sighting> =>
      findIn(
        async (nextToken) => {
          const page = await imaging.listDatastores({ nextToken });
          return { items: page.datastoreSummaries ?? [], nextToken: page.nextToken };
        },
        ({ datastoreId: id, datastoreName: name, createdAt, datastoreArn: resourceArn }) =>
          judgeDatastore(sought, { id, name, createdAt }, async () => {
            const { tags = {} } = await imaging.listTagsForImagingResource({ resourceArn });
            return tags;
          }),
      ),

    findFHIRDatastore: (sought: SoughtDatastore): Promise<Sighting> =>
      findIn(
        async (NextToken) => {
          const filter = { DatastoreName: sought.name };
          const page = await healthlake.listFHIRDatastores({ Filter: filter, NextToken });
          return { items: page.DatastorePropertiesList ?? [], nextToken: page.NextToken };
        },
        ({ DatastoreId: id, DatastoreName: name, CreatedAt: createdAt, DatastoreArn: ResourceARN }) =>
          judgeDatastore(sought, { id, name, createdAt }, async () => {
            const { Tags = [] } = await healthlake.listTagsForFhirResource({ ResourceARN });
            return Object.fromEntries(Tags.map(({ Key = '', Value }) => [Key, Value]));
          }),
      ),
  };
}
