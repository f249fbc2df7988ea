import { localAws, p10, putFiles, until, type LocalAwsUnderTest } from './harness.ts';
import { activeDatastore, imageSetsBySeries, importAll, readMetadata } from './imaging-harness.ts';

const stale = {
  name: 'ResourceNotFoundException',
  message: 'Requested version(s) of ImageSet(s) is not the latest.',
};

describe('CopyImageSet', () => {
  let aws: LocalAwsUnderTest;
  let datastoreId: string;
  /** Two image sets that fit together: the same series of the same patient, imported apart. */
  let source: string;
  let destination: string;
  /** One of another series. */
  let other: string;

  beforeAll(async () => (aws = await localAws()));
  afterAll(() => aws.close());
  beforeEach(async () => {
    datastoreId = await activeDatastore(aws);
    await putFiles(aws.data, 'input', {
      'a/1.dcm': p10({ series: '1.2.1', instance: '1.2.1.1' }),
      'a/2.dcm': p10({ series: '1.2.1', instance: '1.2.1.2' }),
      'a/3.dcm': p10({ series: '1.2.2', instance: '1.2.2.1' }),
    });
    await importAll(aws, { datastoreId, inputS3Uri: 's3://input/a/' });
    const bySeries = await imageSetsBySeries(aws, datastoreId);
    [source = '', other = ''] = [bySeries['1.2.1'], bySeries['1.2.2']];
    destination = await copyOf(source, ['1.2.1.1']);
  });
  afterEach(async () => {
    await aws.control.resetFaults();
    await aws.control.settings({ copyMs: 0 });
  });

  const settled = (imageSetId: string) =>
    until(
      () => aws.imaging.getImageSet({ datastoreId, imageSetId }),
      ({ imageSetState }) => imageSetState !== 'LOCKED',
    );

  /** A new image set with some instances of another. */
  async function copyOf(sourceImageSetId: string, sopUids: string[]): Promise<string> {
    const Instances = Object.fromEntries(sopUids.map((uid) => [uid, {}]));
    const copiableAttributes = JSON.stringify({
      SchemaVersion: '1.1',
      Study: { Series: { '1.2.1': { Instances } } },
    });
    const { destinationImageSetProperties } = await aws.imaging.copyImageSet({
      datastoreId,
      sourceImageSetId,
      copyImageSetInformation: {
        sourceImageSet: { latestVersionId: '1', DICOMCopies: { copiableAttributes } },
      },
    });
    const imageSetId = destinationImageSetProperties?.imageSetId ?? '';
    await settled(imageSetId);
    await settled(sourceImageSetId);
    return imageSetId;
  }

  const copy = (
    from: string,
    to: string,
    versions: { source?: string; destination?: string; force?: boolean } = {},
  ) =>
    aws.imaging.copyImageSet({
      datastoreId,
      sourceImageSetId: from,
      copyImageSetInformation: {
        sourceImageSet: { latestVersionId: versions.source ?? '1' },
        destinationImageSet: { imageSetId: to, latestVersionId: versions.destination ?? '1' },
      },
      ...(versions.force && { force: true }),
    });

  test('locks both sides, gives the destination its next version at once, and merges', async () => {
    const rest = await copyOf(source, ['1.2.1.2']);
    await aws.control.settings({ copyMs: 'never' });
    expect(await copy(rest, destination)).toMatchObject({
      datastoreId,
      sourceImageSetProperties: {
        imageSetId: rest,
        latestVersionId: '1',
        imageSetState: 'LOCKED',
        imageSetWorkflowStatus: 'COPYING_WITH_READ_ONLY_ACCESS',
      },
      destinationImageSetProperties: {
        imageSetId: destination,
        latestVersionId: '2',
        imageSetState: 'LOCKED',
        imageSetWorkflowStatus: 'COPYING',
      },
    });
    const { Study } = await readMetadata(aws, { datastoreId, imageSetId: destination });
    expect(Object.keys(Study.Series['1.2.1'].Instances)).toEqual(['1.2.1.1']);

    await aws.control.settle({ kind: 'imageSet', id: destination });
    await aws.control.settle({ kind: 'imageSet', id: rest });
    expect(await aws.imaging.getImageSet({ datastoreId, imageSetId: destination })).toMatchObject({
      versionId: '2',
      imageSetState: 'ACTIVE',
      imageSetWorkflowStatus: 'COPIED',
    });
    expect(await aws.imaging.getImageSet({ datastoreId, imageSetId: rest })).toMatchObject({
      versionId: '1',
      imageSetWorkflowStatus: 'COPIED',
    });
    const merged = await readMetadata(aws, { datastoreId, imageSetId: destination });
    expect(Object.keys(merged.Study.Series['1.2.1'].Instances)).toEqual(['1.2.1.1', '1.2.1.2']);
    const before = await readMetadata(aws, { datastoreId, imageSetId: destination, versionId: '1' });
    expect(Object.keys(before.Study.Series['1.2.1'].Instances)).toEqual(['1.2.1.1']);
  });

  test('refuses a version that is not the latest, in the words of the service', async () => {
    await expect(copy(source, destination, { destination: '7' })).rejects.toMatchObject(stale);
    await expect(copy(source, destination, { source: '7' })).rejects.toMatchObject(stale);
    await aws.control.settings({ staleVersionError: 'ConflictException' });
    await expect(copy(source, destination, { source: '7' })).rejects.toMatchObject({
      name: 'ConflictException',
    });
    await aws.control.settings({ staleVersionError: 'ResourceNotFoundException' });
  });

  test('refuses to write to a LOCKED image set', async () => {
    await aws.control.settings({ copyMs: 'never' });
    await copy(source, destination, { force: true });
    await expect(copy(other, destination, { destination: '2' })).rejects.toMatchObject({
      name: 'ConflictException',
      $metadata: { httpStatusCode: 409 },
    });
    await expect(aws.imaging.deleteImageSet({ datastoreId, imageSetId: source })).rejects.toMatchObject({
      name: 'ConflictException',
    });
  });

  test('of another series fails later, has used up the version, and says why as the service does', async () => {
    expect(await copy(other, destination)).toMatchObject({
      destinationImageSetProperties: { latestVersionId: '2' },
    });
    expect(await settled(destination)).toMatchObject({
      versionId: '2',
      imageSetState: 'ACTIVE',
      imageSetWorkflowStatus: 'COPY_FAILED',
      message: "INVALID_REQUEST:  Series of SourceImageSet and DestinationImageSet don't match.",
    });
    await expect(copy(other, destination)).rejects.toMatchObject(stale);
  });

  test('by force keeps the Patient, Study and Series of the destination', async () => {
    await copy(other, destination, { force: true });
    expect(await settled(destination)).toMatchObject({
      imageSetWorkflowStatus: 'COPIED',
      overrides: { forced: true },
    });
    const { Study } = await readMetadata(aws, { datastoreId, imageSetId: destination });
    expect(Object.keys(Study.Series)).toEqual(['1.2.1']);
    expect(Object.keys(Study.Series['1.2.1'].Instances)).toEqual(['1.2.1.1', '1.2.2.1']);
  });

  test('of an instance that is there already fails, whatever the force', async () => {
    await copy(source, destination, { force: true });
    expect(await settled(destination)).toMatchObject({ imageSetWorkflowStatus: 'COPY_FAILED' });
  });

  test('to primary gives another image set', async () => {
    const { destinationImageSetProperties } = await aws.imaging.copyImageSet({
      datastoreId,
      sourceImageSetId: destination,
      copyImageSetInformation: { sourceImageSet: { latestVersionId: '1' } },
      promoteToPrimary: true,
    });
    const promoted = destinationImageSetProperties?.imageSetId ?? '';
    expect(promoted).not.toBe(destination);
    expect(await settled(promoted)).toMatchObject({ versionId: '1', isPrimary: true });
  });

  test('fails as told', async () => {
    await aws.control.failOutcome({ operation: 'CopyImageSet', message: 'told to' });
    await copy(source, destination, { force: true });
    expect(await settled(destination)).toMatchObject({
      imageSetWorkflowStatus: 'COPY_FAILED',
      message: 'told to',
    });
  });

  test('meets a rival that copied something else first', async () => {
    const input = {
      datastoreId,
      sourceImageSetId: other,
      copyImageSetInformation: {
        sourceImageSet: { latestVersionId: '1' },
        destinationImageSet: { imageSetId: destination, latestVersionId: '1' },
      },
      force: true,
    };
    await aws.control.rival({ before: 'CopyImageSet', operation: 'CopyImageSet', input, settled: true });
    await expect(copy(source, destination)).rejects.toMatchObject(stale);
    const { Study } = await readMetadata(aws, { datastoreId, imageSetId: destination });
    expect(Object.keys(Study.Series['1.2.1'].Instances)).toContain('1.2.2.1');
  });
});
