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

/** Every status that the SDK knows, by its verdict. */
function verdicts<Status extends string>(
  statuses: Record<string, Status>,
  classify: (status: Status) => string,
) {
  return Object.fromEntries(Object.values(statuses).map((status) => [status, classify(status)]));
}

test('data stores of both services are classified by every status', () => {
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

test('a data store of HealthLake that is awaited to be DELETED', () => {
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

test('jobs are classified by every status', () => {
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

test('an image set that is awaited to be unlocked', () => {
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

  test('every workflow status, at the announced version', () => {
    const { COPY_FAILED, UPDATE_FAILED, ...well } = ImageSetWorkflowStatus;
    for (const status of Object.values(well)) expect(after('2', status)).toEqual({ kind: 'settled' });
    const copy = { failure: 'CopyFailed' } as const;
    const update = { failure: 'UpdateFailed' } as const;
    expect(after('2', COPY_FAILED, copy)).toMatchObject({ kind: 'failed', type: 'CopyFailed' });
    expect(after('2', UPDATE_FAILED, update)).toMatchObject({ kind: 'failed', type: 'UpdateFailed' });
    expect(after('2', COPY_FAILED, update)).toEqual({ kind: 'settled' });
    expect(after('2', UPDATE_FAILED, copy)).toEqual({ kind: 'settled' });
  });

  // CopyImageSet and UpdateImageSetMetadata return the version that they create ("latestVersionId"). An older version shows
  // the end of the previous change.
  test('an older version is still going, however the previous change has ended', () => {
    for (const status of Object.values(ImageSetWorkflowStatus)) {
      expect(after('1', status)).toEqual({ kind: 'going' });
      expect(after('1', status, { failure: 'UpdateFailed' })).toEqual({ kind: 'going' });
    }
  });

  test('without an announced version the state decides', () => {
    const read = { imageSetState: 'ACTIVE', imageSetWorkflowStatus: 'COPIED', versionId: '7' } as const;
    expect(classifyImageSet(read, { version: '', failure: 'CopyFailed' })).toEqual({
      kind: 'settled',
    });
  });

  test('a higher version was settled by another writer', () => {
    expect(after('3', 'COPY_FAILED')).toEqual({ kind: 'settled', byAnother: true });
  });
});

test('an unknown status is still going, with a warning', () => {
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
