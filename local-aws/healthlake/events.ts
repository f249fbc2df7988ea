import type * as HealthLake from '@aws-sdk/client-healthlake';
import type { Events, EventSource } from '../events.ts';
import { datastoreArn, datastoreEndpoint, type FhirDatastore } from './datastores.ts';
import type { FhirImportJob } from './fhir-import.ts';
import type { FhirJob } from './fhir-job.ts';

const source = 'aws.healthlake';

/** The names of events by state (HealthLake developer guide, "Monitoring with EventBridge"; EventBridge events reference). */
const datastoreNames: Readonly<Record<HealthLake.DatastoreStatus, string>> = {
  CREATING: 'Data Store Creating',
  CREATE_FAILED: 'Data Store Creation Failed',
  ACTIVE: 'Data Store Active',
  DELETING: 'Data Store Deleting',
  DELETED: 'Data Store Deleted',
};

/** After `Import Job` and `Export Job`. There are no events for a cancellation. */
const jobNames: Readonly<Record<HealthLake.JobStatus, string | undefined>> = {
  SUBMITTED: 'Submitted',
  QUEUED: 'Queued',
  IN_PROGRESS: 'In Progress',
  COMPLETED: 'Completed',
  COMPLETED_WITH_ERRORS: 'Completed With Errors',
  FAILED: 'Failed',
  CANCEL_SUBMITTED: undefined,
  CANCEL_IN_PROGRESS: undefined,
  CANCEL_COMPLETED: undefined,
  CANCEL_FAILED: undefined,
};

const ofDatastores: EventSource<FhirDatastore> = {
  kind: 'fhirDatastore',
  source,
  detailTypes: Object.values(datastoreNames),
  toEvent: (world, { datastoreId, properties }, { status }) => ({
    detailType: datastoreNames[status],
    resource: datastoreArn(world, datastoreId),
    detail: {
      datastoreId,
      datastoreName: properties.DatastoreName,
      datastoreTypeVersion: properties.DatastoreTypeVersion,
      datastoreEndpoint: datastoreEndpoint(world, datastoreId),
    },
  }),
};

/** Events of HealthLake's jobs have no status and no name: a reader finds the job by its id. */
const ofJobs = <J extends FhirJob>(
  kind: 'Import' | 'Export',
  locationOf: (job: J) => object,
): EventSource<J> => ({
  kind: `fhir${kind}Job`,
  source,
  detailTypes: Object.values(jobNames).flatMap((name) => (name === undefined ? [] : `${kind} Job ${name}`)),
  toEvent: (world, job, { status }) => {
    const name = jobNames[status];
    if (name === undefined) return undefined;
    const { jobId, datastoreId, submittedAt } = job;
    return {
      detailType: `${kind} Job ${name}`,
      resource: datastoreArn(world, datastoreId),
      detail: {
        jobId,
        submitTime: new Date(submittedAt).toISOString(),
        datastoreId,
        ...locationOf(job),
      },
    };
  },
});

const ofImportJobs = ofJobs<FhirImportJob>('Import', ({ inputS3Uri }) => ({
  inputDataConfig: { s3Uri: inputS3Uri },
}));

const ofExportJobs = ofJobs<FhirJob>('Export', ({ outputS3Uri }) => ({
  outputDataConfig: { s3Uri: outputS3Uri },
}));

/** Sends the events of HealthLake. */
export function followHealthLake(events: Pick<Events, 'follow'>): void {
  events.follow(ofDatastores);
  events.follow(ofImportJobs);
  events.follow(ofExportJobs);
}
