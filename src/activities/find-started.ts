import type { ExportJobProperties, ImportJobProperties } from '@aws-sdk/client-healthlake';
import {
  findIn,
  judgeDatastore,
  judgeJob,
  type Sighting,
  type SoughtDatastore,
  type SoughtJob,
} from './find.ts';
import type { healthlakeActivities } from './healthlake.ts';
import type { imagingActivities } from './medical-imaging.ts';
import type { Json } from './operation.ts';

/**
 * Activities that search for a job or data store whose start request had a lost reply: AWS may have created it, and another
 * start request would create a second one.
 */
export function findActivities(
  imaging: ReturnType<typeof imagingActivities>,
  healthlake: ReturnType<typeof healthlakeActivities>,
) {
  const judgeFhirJob = (sought: SoughtJob) => (job: Json<ImportJobProperties> | Json<ExportJobProperties>) =>
    judgeJob(sought, { id: job.JobId, name: job.JobName, submittedAt: job.SubmitTime });
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

    findFHIRImportJob: (sought: SoughtJob): Promise<Sighting> =>
      findIn(async (NextToken) => {
        const { datastoreId: DatastoreId, jobName: JobName } = sought;
        const page = await healthlake.listFHIRImportJobs({ DatastoreId, JobName, NextToken });
        return { items: page.ImportJobPropertiesList ?? [], nextToken: page.NextToken };
      }, judgeFhirJob(sought)),

    findFHIRExportJob: (sought: SoughtJob): Promise<Sighting> =>
      findIn(async (NextToken) => {
        const { datastoreId: DatastoreId, jobName: JobName } = sought;
        const page = await healthlake.listFHIRExportJobs({ DatastoreId, JobName, NextToken });
        return { items: page.ExportJobPropertiesList ?? [], nextToken: page.NextToken };
      }, judgeFhirJob(sought)),

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
