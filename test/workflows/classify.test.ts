import {
  DatastoreStatus,
  ImageSetState,
  ImageSetWorkflowStatus,
  JobStatus as ImagingJobStatus,
} from '@aws-sdk/client-medical-imaging';
import {
  DatastoreStatus as FhirDatastoreStatus,
  JobStatus as FhirJobStatus,
} from '@aws-sdk/client-healthlake';
import { classifyDatastore } from '../../src/workflows/datastores/classify.ts';
import { classifyDeletion } from '../../src/workflows/healthlake/delete-fhir-datastore-and-confirm.ts';
import { classifyImageSet, type ExpectedChange } from '../../src/workflows/image-sets/classify.ts';
import {
  classifyFhirExport,
  classifyFhirImport,
  classifyImagingImport,
} from '../../src/workflows/jobs/classify.ts';

/** Every status that the SDK knows, by the kind of verdict that it gets. */
function verdicts<Status extends string>(
  statuses: Record<string, Status>,
  classify: (status: Status) => string,
) {
  return Object.fromEntries(Object.values(statuses).map((status) => [status, classify(status)]));
}

test('data stores of both services', () => {
  const classify = (status: DatastoreStatus | FhirDatastoreStatus) => {
    const verdict = classifyDatastore(status);
    return verdict.kind === 'failed' ? verdict.type : verdict.kind;
  };
  const expected = {
    CREATING: 'going',
    ACTIVE: 'settled',
    CREATE_FAILED: 'DatastoreCreateFailed',
    DELETING: 'DatastoreNotUsable',
    DELETED: 'DatastoreNotUsable',
  };
  expect(verdicts(DatastoreStatus, classify)).toEqual(expected);
  expect(verdicts(FhirDatastoreStatus, classify)).toEqual(expected);
});

test('a data store of HealthLake that is to be deleted', () => {
  const right = (status: FhirDatastoreStatus) => classifyDeletion(status, true).kind;
  expect(verdicts(FhirDatastoreStatus, right)).toEqual({
    CREATING: 'going',
    ACTIVE: 'going',
    CREATE_FAILED: 'going',
    DELETING: 'going',
    DELETED: 'settled',
  });
  const later = (status: FhirDatastoreStatus) => classifyDeletion(status, false).kind;
  expect(verdicts(FhirDatastoreStatus, later)).toMatchObject({
    ACTIVE: 'failed',
    CREATE_FAILED: 'failed',
    DELETING: 'going',
  });
  expect(classifyDeletion('ACTIVE', false)).toHaveProperty('type', 'DeleteFailed');
});

test('jobs', () => {
  expect(verdicts(ImagingJobStatus, (status) => classifyImagingImport(status).kind)).toEqual({
    SUBMITTED: 'going',
    IN_PROGRESS: 'going',
    COMPLETED: 'settled',
    FAILED: 'failed',
  });
  for (const classify of [classifyFhirImport, classifyFhirExport]) {
    expect(verdicts(FhirJobStatus, (status) => classify(status).kind)).toEqual({
      SUBMITTED: 'going',
      QUEUED: 'going',
      IN_PROGRESS: 'going',
      COMPLETED: 'settled',
      COMPLETED_WITH_ERRORS: 'settled',
      FAILED: 'failed',
      CANCEL_SUBMITTED: 'failed',
      CANCEL_IN_PROGRESS: 'failed',
      CANCEL_COMPLETED: 'failed',
      CANCEL_FAILED: 'failed',
    });
    expect(classify('QUEUED')).toHaveProperty('queued', true);
  }
});

test('an image set that is to be free', () => {
  const classify = (imageSetState: ImageSetState) =>
    classifyImageSet({ imageSetState, versionId: '1' }, undefined, 'CopyFailed').kind;
  expect(verdicts(ImageSetState, classify)).toEqual({
    ACTIVE: 'settled',
    LOCKED: 'going',
    DELETED: 'failed',
  });
});

describe('an image set after a change', () => {
  const after = (
    versionId: string,
    imageSetWorkflowStatus: ImageSetWorkflowStatus,
    { failure = 'CopyFailed' }: Partial<ExpectedChange> = {},
  ) =>
    classifyImageSet(
      { imageSetState: 'ACTIVE', versionId, imageSetWorkflowStatus },
      { version: '2', failure },
    );

  test('every workflow status, at the version announced', () => {
    const { COPY_FAILED, UPDATE_FAILED, ...well } = ImageSetWorkflowStatus;
    for (const status of Object.values(well)) expect(after('2', status)).toEqual({ kind: 'settled' });
    const copy = { failure: 'CopyFailed' } as const;
    const update = { failure: 'UpdateFailed' } as const;
    expect(after('2', COPY_FAILED, copy)).toMatchObject({ kind: 'failed', type: 'CopyFailed' });
    expect(after('2', UPDATE_FAILED, update)).toMatchObject({ kind: 'failed', type: 'UpdateFailed' });
    expect(after('2', COPY_FAILED, update)).toEqual({ kind: 'settled' });
    expect(after('2', UPDATE_FAILED, copy)).toEqual({ kind: 'settled' });
  });

  // CopyImageSet and UpdateImageSetMetadata answer with the version that they make ("latestVersionId"): an older one
  // holds the end of the change before.
  test('an older version is still going, whatever the change before it has ended with', () => {
    for (const status of Object.values(ImageSetWorkflowStatus)) {
      expect(after('1', status)).toEqual({ kind: 'going' });
      expect(after('1', status, { failure: 'UpdateFailed' })).toEqual({ kind: 'going' });
    }
  });

  test('a reply that announced no version leaves the state to decide', () => {
    const read = { imageSetState: 'ACTIVE', imageSetWorkflowStatus: 'COPIED', versionId: '7' } as const;
    expect(classifyImageSet(read, { version: '', failure: 'CopyFailed' })).toEqual({
      kind: 'settled',
    });
  });

  test('a higher version is settled by somebody else', () => {
    expect(after('3', 'COPY_FAILED')).toEqual({ kind: 'settled', byAnother: true });
  });
});

test('a status that only the service knows is still going, with a warning', () => {
  const tomorrow = 'PAUSED_FOR_THE_NIGHT' as never;
  for (const verdict of [
    classifyDatastore(tomorrow),
    classifyImagingImport(tomorrow),
    classifyFhirImport(tomorrow),
    classifyDeletion(tomorrow, false),
    classifyImageSet({ imageSetState: tomorrow }),
  ]) {
    expect(verdict).toMatchObject({
      kind: 'going',
      warning: expect.stringContaining('PAUSED_FOR_THE_NIGHT'),
    });
  }
  expect(classifyFhirImport(undefined)).toMatchObject({ kind: 'going' });
});
