import type { MetadataUpdates } from '@aws-sdk/client-medical-imaging';
import fc from 'fast-check';
import { localAws, p10, putFiles, until, type LocalAwsUnderTest } from './harness.ts';
import { activeDatastore, imageSetsBySeries, importAll, readMetadata } from './imaging-harness.ts';

const series = '1.2.1';
const instances = ['1.2.1.1', '1.2.1.2'];

/** As AWS's samples have it: JSON, its version a number. */
const document = (levels: object, SchemaVersion: number | string = 1.1) =>
  Buffer.from(JSON.stringify({ SchemaVersion, ...levels }));
const patient = (DICOM: object) => ({ Patient: { DICOM } });
const study = (DICOM: object) => ({ Study: { DICOM } });
const seriesLevel = (DICOM: object) => ({ Study: { Series: { [series]: { DICOM } } } });
const instanceLevel = (change: object) => ({
  Study: { Series: { [series]: { Instances: { '1.2.1.1': change } } } },
});
const setting = (levels: object): MetadataUpdates => ({
  DICOMUpdates: { updatableAttributes: document(levels) },
});
const removing = (levels: object): MetadataUpdates => ({
  DICOMUpdates: { removableAttributes: document(levels) },
});

describe('UpdateImageSetMetadata', () => {
  let aws: LocalAwsUnderTest;
  let datastoreId: string;
  /** Primary, as imports make them. */
  let imageSetId: string;

  beforeAll(async () => (aws = await localAws()));
  afterAll(() => aws.close());
  beforeEach(async () => {
    datastoreId = await activeDatastore(aws);
    await putFiles(
      aws.data,
      'input',
      Object.fromEntries(instances.map((instance) => [`${instance}.dcm`, p10({ series, instance })])),
    );
    await importAll(aws, { datastoreId, inputS3Uri: 's3://input/' });
    imageSetId = (await imageSetsBySeries(aws, datastoreId))[series] ?? '';
  });
  afterEach(async () => {
    await aws.control.resetFaults();
    await aws.control.settings({ updateMs: 0, metadataConstraintBreach: 'ValidationException' });
  });

  const settled = () =>
    until(
      () => aws.imaging.getImageSet({ datastoreId, imageSetId }),
      ({ imageSetState }) => imageSetState !== 'LOCKED',
    );
  const update = (
    updateImageSetMetadataUpdates: MetadataUpdates,
    { latestVersionId = '1', force = false }: { latestVersionId?: string; force?: boolean } = {},
  ) =>
    aws.imaging.updateImageSetMetadata({
      datastoreId,
      imageSetId,
      latestVersionId,
      updateImageSetMetadataUpdates,
      ...(force && { force }),
    });
  const metadata = (versionId?: string) =>
    readMetadata(aws, { datastoreId, imageSetId, ...(versionId && { versionId }) });
  /** Goes on with a copy, which is not primary. */
  const withoutPrimary = async () => {
    const { destinationImageSetProperties } = await aws.imaging.copyImageSet({
      datastoreId,
      sourceImageSetId: imageSetId,
      copyImageSetInformation: { sourceImageSet: { latestVersionId: '1' } },
    });
    imageSetId = destinationImageSetProperties?.imageSetId ?? '';
    await settled();
  };
  const refused = { name: 'ValidationException' };

  test('has its version at once, and shows what was before until it has ended', async () => {
    await aws.control.settings({ updateMs: 'never' });
    const version1 = await aws.imaging.getImageSet({ datastoreId, imageSetId });
    expect(await update(setting(patient({ PatientName: 'MX^MX' })))).toMatchObject({
      datastoreId,
      imageSetId,
      latestVersionId: '2',
      imageSetState: 'LOCKED',
      imageSetWorkflowStatus: 'UPDATING',
      createdAt: version1.createdAt,
    });
    expect((await metadata()).Patient.DICOM.PatientName).toBe('Doe^Jane');

    await aws.control.settle({ kind: 'imageSet', id: imageSetId });
    expect(await settled()).toMatchObject({
      versionId: '2',
      imageSetState: 'ACTIVE',
      imageSetWorkflowStatus: 'UPDATED',
    });
    expect((await metadata()).Patient.DICOM).toMatchObject({ PatientName: 'MX^MX', PatientID: 'P1' });
    expect((await metadata('1')).Patient.DICOM.PatientName).toBe('Doe^Jane');
  });

  test('sets and removes attributes of every level in one go; what it removes need not be there', async () => {
    await update({
      DICOMUpdates: {
        updatableAttributes: document(
          {
            ...patient({ PatientSex: 'F' }),
            Study: {
              DICOM: { StudyDescription: 'CT CHEST', StudyDate: '20250101' },
              Series: {
                [series]: {
                  DICOM: { SeriesNumber: 7 },
                  Instances: { '1.2.1.2': { DICOM: { InstanceNumber: '2' } } },
                },
              },
            },
          },
          '1.1',
        ),
        removableAttributes: document({
          ...patient({ PatientName: 'whatever', PatientComments: '' }),
          ...instanceLevel({ DICOM: { SliceThickness: '' } }),
        }),
      },
    });
    await settled();
    const { Patient, Study } = await metadata();
    expect(Patient.DICOM).toEqual({ PatientID: 'P1', PatientSex: 'F' });
    expect(Study.DICOM).toMatchObject({ StudyDescription: 'CT CHEST', StudyDate: '20250101' });
    const { DICOM, Instances } = Study.Series[series];
    expect(DICOM).toMatchObject({ SeriesNumber: 7, Modality: 'CT' });
    expect(Instances['1.2.1.1'].DICOM).not.toHaveProperty('SliceThickness');
    expect(Instances['1.2.1.2'].DICOM).toMatchObject({ InstanceNumber: '2', SliceThickness: '1.250 ' });
  });

  test.each([
    ['a private attribute', instanceLevel({ DICOM: { '001910F9': '97' } })],
    ['an attribute that DICOM does not have', instanceLevel({ DICOM: { FavouriteColour: 'blue' } })],
    ['a StudyID', study({ StudyID: 'S2' })],
    ['a sequence', instanceLevel({ DICOM: { ReferencedImageSequence: [] } })],
    ['an attribute of several values', instanceLevel({ DICOM: { ImageType: 'ORIGINAL' } })],
    ['several values', study({ StudyDescription: ['a', 'b'] })],
    ['a value that is none of its VR', study({ StudyDate: 'yesterday' })],
  ])('takes %s only by force, and says that it was forced', async (_what, levels) => {
    await expect(update(setting(levels))).rejects.toMatchObject({
      ...refused,
      message: expect.stringContaining('needs force'),
    });
    await update(setting(levels), { force: true });
    expect(await settled()).toMatchObject({
      versionId: '2',
      imageSetWorkflowStatus: 'UPDATED',
      overrides: { forced: true },
    });
    expect(await metadata()).toMatchObject(levels);
    const { imageSetPropertiesList } = await aws.imaging.listImageSetVersions({ datastoreId, imageSetId });
    expect(imageSetPropertiesList).toMatchObject([
      { versionId: '2', ImageSetWorkflowStatus: 'UPDATED', overrides: { forced: true } },
      { versionId: '1', ImageSetWorkflowStatus: 'CREATED' },
    ]);
    expect(imageSetPropertiesList?.[1]).not.toHaveProperty('overrides');
  });

  test.each([
    ['what the service makes', instanceLevel({ DICOM: { Checksum: 1 } })],
    ['a patient attribute at the study level', study({ PatientName: 'A' })],
    ['a private attribute at the study level', study({ '00091001': 'A' })],
    ['a series that is not there', { Study: { Series: { '9.9': { DICOM: { SeriesNumber: 1 } } } } }],
    ['an instance that is not there', { Study: { Series: { [series]: { Instances: { '9.9': {} } } } } }],
    ['the UIDs of a primary image set', study({ StudyInstanceUID: '9.9' })],
  ])('never takes %s, by force neither', async (_what, levels) => {
    await expect(update(setting(levels), { force: true })).rejects.toMatchObject(refused);
    expect(await settled()).toMatchObject({ versionId: '1' });
  });

  test('by force changes the UIDs of an image set that is not primary, and their keys with them', async () => {
    await withoutPrimary();
    await update(setting(seriesLevel({ SeriesInstanceUID: '9.9' })), { force: true });
    await settled();
    const { Study } = await metadata();
    expect(Object.keys(Study.Series)).toEqual(['9.9']);
    expect(Object.keys(Study.Series['9.9'].Instances)).toEqual(instances);
  });

  test.each([
    ['that is taken', { SOPInstanceUID: '1.2.1.2' }],
    ['that is none', { SOPInstanceUID: 'one' }],
  ])('does not take a UID %s', async (_what, DICOM) => {
    await withoutPrimary();
    await expect(update(setting(instanceLevel({ DICOM })), { force: true })).rejects.toMatchObject(refused);
  });

  test('by force takes away an instance and its frames, but not the last one', async () => {
    const frame = (await metadata()).Study.Series[series].Instances['1.2.1.1'].ImageFrames[0].ID;
    await expect(update(removing(instanceLevel({})))).rejects.toMatchObject(refused);
    await update(removing(instanceLevel({})), { force: true });
    await settled();
    const { Study } = await metadata();
    expect(Object.keys(Study.Series[series].Instances)).toEqual(['1.2.1.2']);
    const imageFrameInformation = { imageFrameId: frame };
    await expect(
      aws.imaging.getImageFrame({ datastoreId, imageSetId, imageFrameInformation }),
    ).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    const last = { Study: { Series: { [series]: { Instances: { '1.2.1.2': {} } } } } };
    await expect(update(removing(last), { force: true, latestVersionId: '2' })).rejects.toMatchObject(
      refused,
    );
  });

  test('goes back to an earlier version by a new one', async () => {
    await update(setting(patient({ PatientName: 'A' })));
    await settled();
    await update(setting(patient({ PatientName: 'B' })), { latestVersionId: '2' });
    await settled();
    expect(await update({ revertToVersionId: '2' }, { latestVersionId: '3' })).toMatchObject({
      latestVersionId: '4',
    });
    await settled();
    expect((await metadata()).Patient.DICOM.PatientName).toBe('A');
    await expect(update({ revertToVersionId: '9' }, { latestVersionId: '4' })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });

  test('refuses a version that is not the latest, and an image set that is LOCKED', async () => {
    const updates = setting(patient({ PatientName: 'A' }));
    await expect(update(updates, { latestVersionId: '7' })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: 'Requested version(s) of ImageSet(s) is not the latest.',
    });
    await aws.control.settings({ updateMs: 'never' });
    await update(updates);
    await expect(update(updates, { latestVersionId: '2' })).rejects.toMatchObject({
      name: 'ConflictException',
    });
  });

  test.each([
    ['a blob that is not JSON', { DICOMUpdates: { updatableAttributes: Buffer.from('Doe') } }],
    ['a blob without SchemaVersion', { DICOMUpdates: { updatableAttributes: Buffer.from('{}') } }],
    ['a blob that is no object', { DICOMUpdates: { removableAttributes: Buffer.from('[7]') } }],
    ['a member that the metadata does not have', setting({ Doe: {} })],
    ['a level that is no object', setting({ Patient: { DICOM: 'Doe' } })],
    ['both kinds at once', { ...setting({}), revertToVersionId: '1' } as unknown as MetadataUpdates],
  ])('refuses %s and quotes nothing of it', async (_what, updates) => {
    const error: unknown = await update(updates).catch((error: unknown) => error);
    expect(error).toMatchObject(refused);
    expect(String(error)).not.toContain('Doe');
  });

  test('meets a rival that has changed something else first', async () => {
    const input = {
      datastoreId,
      imageSetId,
      latestVersionId: '1',
      updateImageSetMetadataUpdates: setting(patient({ PatientSex: 'O' })),
    };
    const operation = 'UpdateImageSetMetadata';
    await aws.control.rival({ before: operation, operation, input, settled: true });
    await expect(update(setting(patient({ PatientName: 'A' })))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    expect((await metadata()).Patient.DICOM).toMatchObject({ PatientName: 'Doe^Jane', PatientSex: 'O' });
  });

  test('takes or refuses whatever comes, and never breaks', async () => {
    const anything = fc.json({ depthSize: 'medium' }).map((text) => Buffer.from(text));
    const value = fc.jsonValue();
    const keyword = fc.constantFrom(
      'PatientName',
      'StudyDate',
      'SOPInstanceUID',
      '__proto__',
      'constructor',
      '',
    );
    const attributes = fc.record({
      DICOM: fc.dictionary(keyword, value),
      DICOMVRs: fc.dictionary(keyword, value),
    });
    const likely = fc
      .record({ change: attributes, uid: fc.constantFrom('1.2.1.1', '__proto__', 'toString') })
      .map(({ change, uid }) =>
        document({ Patient: change, Study: { Series: { [series]: { Instances: { [uid]: change } } } } }),
      );
    const blob = fc.option(fc.oneof(anything, likely), { nil: undefined });
    await fc.assert(
      fc.asyncProperty(
        fc.record({ updatableAttributes: blob, removableAttributes: blob }),
        fc.boolean(),
        async (DICOMUpdates, force) => {
          const { versionId: latestVersionId = '' } = await settled();
          const outcome: unknown = await update({ DICOMUpdates }, { latestVersionId, force }).catch(
            (error: unknown) => error,
          );
          expect(outcome).toMatchObject(
            outcome instanceof Error
              ? { name: 'ValidationException' }
              : { imageSetWorkflowStatus: 'UPDATING' },
          );
        },
      ),
      { numRuns: 60 },
    );
    expect(Object.keys((await metadata()).Study.Series)).toEqual([series]);
  });

  test('can meet a breach of the constraints later, and has then used up the version', async () => {
    await aws.control.settings({ metadataConstraintBreach: 'UPDATE_FAILED' });
    await update(setting(study({ StudyID: 'S2' })));
    expect(await settled()).toMatchObject({
      versionId: '2',
      imageSetWorkflowStatus: 'UPDATE_FAILED',
      message: 'INVALID_REQUEST: StudyID needs force.',
    });
    expect((await metadata()).Study.DICOM).not.toHaveProperty('StudyID');
  });

  test('fails as told', async () => {
    await aws.control.failOutcome({ operation: 'UpdateImageSetMetadata', message: 'told to' });
    await update(setting(patient({ PatientName: 'A' })));
    expect(await settled()).toMatchObject({ imageSetWorkflowStatus: 'UPDATE_FAILED', message: 'told to' });
  });
});
