import { activeFhirDatastore } from './fhir-harness.ts';
import { localAws, until, type LocalAwsUnderTest } from './harness.ts';

const gone = { name: 'ResourceNotFoundException' };

describe('a HealthLake data store', () => {
  let aws: LocalAwsUnderTest;
  beforeEach(async () => (aws = await localAws()));
  afterEach(() => aws.close());

  const describeStore = async (DatastoreId: string) =>
    (await aws.healthlake.describeFHIRDatastore({ DatastoreId })).DatastoreProperties;
  const list = async () => (await aws.healthlake.listFHIRDatastores({})).DatastorePropertiesList;

  test('is DELETING, then DELETED for a time, then not there', async () => {
    const DatastoreId = await activeFhirDatastore(aws);
    await aws.control.settings({ fhirDatastoreDeleteMs: 'never' });
    expect(await aws.healthlake.deleteFHIRDatastore({ DatastoreId })).toMatchObject({
      DatastoreId,
      DatastoreStatus: 'DELETING',
    });
    expect(await describeStore(DatastoreId)).toMatchObject({ DatastoreStatus: 'DELETING' });
    await expect(aws.healthlake.deleteFHIRDatastore({ DatastoreId })).rejects.toMatchObject({
      name: 'ConflictException',
    });
    await aws.control.settle({ kind: 'fhirDatastore', id: DatastoreId });
    expect(await describeStore(DatastoreId)).toMatchObject({ DatastoreStatus: 'DELETED' });
    expect(await list()).toMatchObject([{ DatastoreId, DatastoreStatus: 'DELETED' }]);

    await aws.control.settings({ deletedVisibleMs: 0 });
    await expect(describeStore(DatastoreId)).rejects.toMatchObject(gone);
    await expect(aws.healthlake.deleteFHIRDatastore({ DatastoreId })).rejects.toMatchObject(gone);
    await expect(aws.healthlake.listFHIRExportJobs({ DatastoreId })).rejects.toMatchObject(gone);
    expect(await list()).toEqual([]);
  });

  test('whose creation failed can be deleted', async () => {
    await aws.control.failOutcome({ operation: 'CreateFHIRDatastore' });
    const { DatastoreId = '' } = await aws.healthlake.createFHIRDatastore({ DatastoreTypeVersion: 'R4' });
    await until(
      () => describeStore(DatastoreId),
      (store) => store?.DatastoreStatus === 'CREATE_FAILED',
    );
    await aws.healthlake.deleteFHIRDatastore({ DatastoreId });
    expect(await describeStore(DatastoreId)).toMatchObject({ DatastoreStatus: 'DELETED' });
  });

  test('has tags from its creation on, which can be added, replaced and removed', async () => {
    const DatastoreId = await activeFhirDatastore(aws, { Tags: [{ Key: 'team', Value: 'fhir' }] });
    const ResourceARN = (await describeStore(DatastoreId))?.DatastoreArn;
    const tags = async () => (await aws.healthlake.listTagsForResource({ ResourceARN })).Tags;
    expect(await tags()).toEqual([{ Key: 'team', Value: 'fhir' }]);
    const Tags = [
      { Key: 'team', Value: 'records' },
      { Key: 'stage', Value: 'test' },
    ];
    await aws.healthlake.tagResource({ ResourceARN, Tags });
    expect(await tags()).toEqual(Tags);
    await aws.healthlake.untagResource({ ResourceARN, TagKeys: ['team', 'never there'] });
    expect(await tags()).toEqual([{ Key: 'stage', Value: 'test' }]);
  });

  test('that is not there has no tags', async () => {
    const { DatastoreArn = '' } = (await describeStore(await activeFhirDatastore(aws))) ?? {};
    for (const ResourceARN of [
      DatastoreArn.replace(/[^/]+$/, '0'.repeat(32)),
      DatastoreArn.replace('123456789012', '210987654321'),
    ]) {
      await expect(aws.healthlake.listTagsForResource({ ResourceARN })).rejects.toMatchObject(gone);
      const tag = { ResourceARN, Tags: [{ Key: 'a', Value: '1' }] };
      await expect(aws.healthlake.tagResource(tag)).rejects.toMatchObject(gone);
      await expect(aws.healthlake.untagResource({ ResourceARN, TagKeys: ['a'] })).rejects.toMatchObject(gone);
    }
  });
});
