import type * as MedicalImaging from '@aws-sdk/client-medical-imaging';
import type { Events, EventSource } from '../events.ts';
import { datastoreArn, type Datastore } from './datastore.ts';
import type { ImportJob } from './import-job.ts';
import { imageSetArn, type ImageSet } from './image-set.ts';

const source = 'aws.medical-imaging';
const imagingVersion = '1.0';

/** The names of events by state (HealthImaging developer guide, "Using Amazon EventBridge with HealthImaging"). */
const datastoreNames: Readonly<Record<MedicalImaging.DatastoreStatus, string>> = {
  CREATING: 'Data Store Creating',
  CREATE_FAILED: 'Data Store Creation Failed',
  ACTIVE: 'Data Store Created',
  DELETING: 'Data Store Deleting',
  DELETED: 'Data Store Deleted',
};

const importJobNames: Readonly<Record<MedicalImaging.JobStatus, string>> = {
  SUBMITTED: 'Import Job Submitted',
  IN_PROGRESS: 'Import Job In Progress',
  COMPLETED: 'Import Job Completed',
  FAILED: 'Import Job Failed',
};

/** The guide lists no events for the states of an import into an image set that exists. */
const imageSetNames: Readonly<Record<MedicalImaging.ImageSetWorkflowStatus, string | undefined>> = {
  CREATED: 'Image Set Created',
  COPYING: 'Image Set Copying',
  COPYING_WITH_READ_ONLY_ACCESS: 'Image Set Copying With Read Only Access',
  COPIED: 'Image Set Copied',
  COPY_FAILED: 'Image Set Copy Failed',
  UPDATING: 'Image Set Updating',
  UPDATED: 'Image Set Updated',
  UPDATE_FAILED: 'Image Set Update Failed',
  DELETING: 'Image Set Deleting',
  DELETED: 'Image Set Deleted',
  IMPORTING: undefined,
  IMPORTED: undefined,
  IMPORT_FAILED: undefined,
};

const ofDatastores: EventSource<Datastore> = {
  kind: 'datastore',
  source,
  detailTypes: Object.values(datastoreNames),
  toEvent: (world, { datastoreId, datastoreName }, { status }) => ({
    detailType: datastoreNames[status],
    resource: datastoreArn(world, datastoreId),
    detail: { imagingVersion, datastoreId, datastoreName, datastoreStatus: status },
  }),
};

const ofImportJobs: EventSource<ImportJob> = {
  kind: 'dicomImportJob',
  source,
  detailTypes: Object.values(importJobNames),
  toEvent: (world, { datastoreId, jobId, jobName, inputS3Uri, outputS3Uri: expanded }, { status }) => {
    const outputS3Uri = world.settings.eventOutputExpanded ? expanded : expanded.replace(/[^/]+\/$/, '');
    return {
      detailType: importJobNames[status],
      resource: datastoreArn(world, datastoreId),
      detail: { imagingVersion, datastoreId, jobId, jobName, jobStatus: status, inputS3Uri, outputS3Uri },
    };
  },
};

const ofImageSets: EventSource<ImageSet> = {
  kind: 'imageSet',
  source,
  detailTypes: Object.values(imageSetNames).flatMap((name) => name ?? []),
  toEvent: (world, set, { imageSetState, imageSetWorkflowStatus, versionId, copiedFrom }) => {
    const detailType = imageSetNames[imageSetWorkflowStatus];
    if (detailType === undefined) return undefined;
    const { datastoreId, imageSetId, isPrimary } = set;
    return {
      detailType,
      resource: imageSetArn(world, set),
      detail: {
        imagingVersion,
        isPrimary,
        imageSetVersion: versionId,
        datastoreId,
        // The service spells it so in events.
        imagesetId: imageSetId,
        imageSetState,
        imageSetWorkflowStatus,
        ...(copiedFrom && { sourceImageSetArn: imageSetArn(world, { datastoreId, imageSetId: copiedFrom }) }),
      },
    };
  },
};

/** Sends the events of HealthImaging. */
export function followImaging(events: Pick<Events, 'follow'>): void {
  events.follow(ofDatastores);
  events.follow(ofImportJobs);
  events.follow(ofImageSets);
}
