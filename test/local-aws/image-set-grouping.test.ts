import { levelOf } from '../../local-aws/medical-imaging/metadata-levels.ts';
import { localAws, putFiles, type LocalAwsUnderTest } from './harness.ts';
import { activeDatastore, imageSetsBySeries, importAll, readMetadata } from './imaging-harness.ts';
import { part10, type TestElement } from './part10.ts';

describe('the instances of an import', () => {
  let aws: LocalAwsUnderTest;
  let datastoreId: string;
  beforeAll(async () => (aws = await localAws()));
  afterAll(() => aws.close());
  beforeEach(async () => (datastoreId = await activeDatastore(aws)));
  afterEach(() => aws.control.settings({ imageSetGrouping: 'listedElements' }));

  /** Imports files of one series, each with these elements in place of the usual ones. */
  async function importFiles(...files: readonly (readonly TestElement[])[]) {
    const prefix = `${datastoreId}/${Math.random()}/`;
    const named = files.map(
      (elements, i) =>
        [`${prefix}${i}.dcm`, part10([['00080018', 'UI', `1.2.3.3.${i}`], ...elements])] as const,
    );
    await putFiles(aws.data, 'input', Object.fromEntries(named));
    await importAll(aws, { datastoreId, inputS3Uri: `s3://input/${prefix}` });
    const { imageSetsMetadataSummaries = [] } = await aws.imaging.searchImageSets({ datastoreId });
    return imageSetsMetadataSummaries;
  }

  // HealthImaging developer guide, "Understanding image sets": "DICOM elements used for image set creation".
  test.each<TestElement>([
    ['00080020', 'DA', '20240102'],
    ['00080050', 'SH', 'A2'],
    ['00100020', 'LO', 'P2'],
    ['0020000D', 'UI', '1.2.3.9'],
    ['00200010', 'SH', 'S2'],
    ['00200011', 'IS', '2 '],
  ])('make two image sets where %s differs', async (tag, vr, value) => {
    const imageSets = await importFiles([], [[tag, vr, value]]);
    expect(imageSets.map(({ isPrimary }) => String(isPrimary)).sort()).toEqual(['false', 'true']);
  });

  test('make one image set where other attributes differ, with the values that were received last', async () => {
    const named = (name: string, more: readonly TestElement[] = []): readonly TestElement[] => [
      ['00080031', 'TM', name === 'A^1' ? '0900' : '1000'],
      ['00100010', 'PN', name],
      ...more,
    ];
    const [first, ...others] = await importFiles(named('A^1', [['00081030', 'LO', 'HEAD']]), named('A^2'));
    expect(others).toEqual([]);
    const { imageSetId = '' } = first ?? {};
    const read = async () => {
      const { Patient, Study } = await readMetadata(aws, { datastoreId, imageSetId });
      const [series] = Object.values<{ DICOM: object }>(Study.Series);
      return { ...Patient.DICOM, ...Study.DICOM, ...series?.DICOM };
    };
    // What the last file does not have stays.
    expect(await read()).toMatchObject({
      PatientName: 'A^2',
      SeriesTime: '1000',
      StudyDescription: 'HEAD',
    });
    const again = await importFiles(named('A^3'));
    expect(again).toMatchObject([{ imageSetId, version: 2, isPrimary: true }]);
    expect(await read()).toMatchObject({ PatientName: 'A^3' });
  });

  test('make two image sets where any attribute of their levels differs, with imageSetGrouping=allElements', async () => {
    await aws.control.settings({ imageSetGrouping: 'allElements' });
    const at = (time: string): readonly TestElement[] => [['00080031', 'TM', time]];
    expect(await importFiles(at('0900'), at('1000'), at('0900'))).toHaveLength(2);
  });

  test('make one image set where a value differs in its padding alone', async () => {
    const number = (value: string): readonly TestElement[] => [['00200011', 'IS', value]];
    expect(await importFiles(number('12'), number('12  '))).toHaveLength(1);
  });
});

// HealthImaging developer guide, "Metadata normalization".
describe('the levels of the metadata', () => {
  test.each([
    [
      'patient',
      'PatientName PatientBirthTime StrainStockSequence ClinicalTrialSponsorName DeidentificationMethod',
    ],
    [
      'study',
      'StudyTime PatientAge RequestingService PatientState LongitudinalTemporalEventType SmokingStatus',
    ],
    [
      'series',
      'Modality SoftwareVersions PixelPaddingValue RequestAttributesSequence FrameOfReferenceUID UDISequence',
    ],
    ['instance', 'Rows PerformedProcedureStepID ImageType OtherPatientIDs 00091001 TransferSyntaxUID'],
  ])('have at the %s level %s', (level, keywords) => {
    expect(keywords.split(' ').map(levelOf)).toEqual(keywords.split(' ').map(() => level));
  });

  test('are those of updates', async () => {
    const aws = await localAws();
    const datastoreId = await activeDatastore(aws);
    await putFiles(aws.data, 'input', { 'a/1.dcm': part10([['0020000E', 'UI', '1.2.3.2']]) });
    await importAll(aws, { datastoreId, inputS3Uri: 's3://input/a/' });
    const imageSetId = (await imageSetsBySeries(aws, datastoreId))['1.2.3.2'] ?? '';
    const updatableAttributes = Buffer.from(
      JSON.stringify({
        SchemaVersion: 1.1,
        Patient: { DICOM: { ClinicalTrialSubjectID: 'T1' } },
        Study: { DICOM: { RequestingService: 'ER' }, Series: { '1.2.3.2': { DICOM: { GantryID: 'G1' } } } },
      }),
    );
    await aws.imaging.updateImageSetMetadata({
      datastoreId,
      imageSetId,
      latestVersionId: '1',
      updateImageSetMetadataUpdates: { DICOMUpdates: { updatableAttributes } },
    });
    const { Patient, Study } = await readMetadata(aws, { datastoreId, imageSetId });
    expect(Patient.DICOM.ClinicalTrialSubjectID).toBe('T1');
    expect(Study.DICOM.RequestingService).toBe('ER');
    expect(Study.Series['1.2.3.2'].DICOM.GantryID).toBe('G1');
    await aws.close();
  });
});
