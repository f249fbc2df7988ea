import { localAws, p10, putFiles, type LocalAwsUnderTest } from './harness.ts';
import { activeDatastore, imageSetsBySeries, importAll } from './imaging-harness.ts';

describe('the tags of HealthImaging', () => {
  let aws: LocalAwsUnderTest;
  let datastoreId: string;
  let imageSetArn: string;
  beforeAll(async () => {
    aws = await localAws();
    datastoreId = await activeDatastore(aws);
    await putFiles(aws.data, 'input', { '1.dcm': p10({ series: '1.1', instance: '1.1.1' }) });
    await importAll(aws, { datastoreId, inputS3Uri: 's3://input/' });
    const { '1.1': imageSetId } = await imageSetsBySeries(aws, datastoreId);
    ({ imageSetArn = '' } = await aws.imaging.getImageSet({ datastoreId, imageSetId }));
  });
  afterAll(() => aws.close());

  const tagsOf = async (resourceArn: string | undefined) =>
    (await aws.imaging.listTagsForResource({ resourceArn })).tags;

  test('of a data store are there from its creation on', async () => {
    const { datastoreId } = await aws.imaging.createDatastore({ tags: { team: 'imaging' } });
    const { datastoreProperties } = await aws.imaging.getDatastore({ datastoreId });
    expect(await tagsOf(datastoreProperties?.datastoreArn)).toEqual({ team: 'imaging' });
  });

  test('of an image set are added, replaced and removed', async () => {
    expect(await tagsOf(imageSetArn)).toEqual({});
    await aws.imaging.tagResource({ resourceArn: imageSetArn, tags: { a: '1', b: '2' } });
    await aws.imaging.tagResource({ resourceArn: imageSetArn, tags: { b: '3', c: '4' } });
    expect(await tagsOf(imageSetArn)).toEqual({ a: '1', b: '3', c: '4' });
    await aws.imaging.untagResource({ resourceArn: imageSetArn, tagKeys: ['a', 'never-there'] });
    expect(await tagsOf(imageSetArn)).toEqual({ b: '3', c: '4' });
  });

  test.each([
    ['a data store', `datastore/${'0'.repeat(32)}`],
    ['an image set', `imageset/${'0'.repeat(32)}`],
  ])('of %s that is not there are not found', async (_what, end) => {
    const resourceArn = end.startsWith('imageset')
      ? imageSetArn.replace(/imageset.*/, end)
      : imageSetArn.replace(/datastore.*/, end);
    const gone = { name: 'ResourceNotFoundException' };
    await expect(tagsOf(resourceArn)).rejects.toMatchObject(gone);
    await expect(aws.imaging.tagResource({ resourceArn, tags: { a: '1' } })).rejects.toMatchObject(gone);
    await expect(aws.imaging.untagResource({ resourceArn, tagKeys: ['a'] })).rejects.toMatchObject(gone);
  });

  test('of another account are not found', async () => {
    const elsewhere = imageSetArn.replace('123456789012', '210987654321');
    await expect(tagsOf(elsewhere)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });
});
