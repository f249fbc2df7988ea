import type { SearchCriteria, SearchFilter } from '@aws-sdk/client-medical-imaging';
import fc from 'fast-check';
import { localAws, p10, putFiles, type LocalAwsUnderTest } from './harness.ts';
import { activeDatastore, importAll } from './imaging-harness.ts';
import { anyCriteria } from './search-criteria.ts';
import { anyAction, DatastoreOfImageSets } from './search-scan.ts';

describe('SearchImageSets', () => {
  let aws: LocalAwsUnderTest;
  let datastoreId: string;
  const search = async (searchCriteria: SearchCriteria = {}) => {
    const found = await aws.imaging.searchImageSets({ datastoreId, searchCriteria });
    return found.imageSetsMetadataSummaries
      ?.map(({ DICOMTags }) => DICOMTags?.DICOMSeriesInstanceUID)
      .toSorted();
  };

  beforeAll(async () => {
    aws = await localAws();
    datastoreId = await activeDatastore(aws);
    await putFiles(aws.data, 'input', {
      '1.dcm': p10({ patient: 'A', study: '1.2', series: '1.2.1', instance: '1.2.1.1' }),
      '2.dcm': p10({ patient: 'A', study: '1.2', series: '1.2.2', instance: '1.2.2.1' }),
      '3.dcm': p10({ patient: 'B', study: '1.3', series: '1.3.1', instance: '1.3.1.1' }),
    });
    await importAll(aws, { datastoreId, inputS3Uri: 's3://input/' });
  });
  afterAll(() => aws.close());

  test.each<[string, SearchCriteria, string[]]>([
    ['nothing', {}, ['1.2.1', '1.2.2', '1.3.1']],
    [
      'a patient',
      { filters: [{ operator: 'EQUAL', values: [{ DICOMPatientId: 'A' }] }] },
      ['1.2.1', '1.2.2'],
    ],
    ['a study', { filters: [{ operator: 'EQUAL', values: [{ DICOMStudyInstanceUID: '1.3' }] }] }, ['1.3.1']],
    ['what is primary', { filters: [{ operator: 'EQUAL', values: [{ isPrimary: false }] }] }, []],
    [
      'a span of study dates',
      {
        filters: [
          {
            operator: 'BETWEEN',
            values: [
              { DICOMStudyDateAndTime: { DICOMStudyDate: '20240101' } },
              { DICOMStudyDateAndTime: { DICOMStudyDate: '20241231', DICOMStudyTime: '235959' } },
            ],
          },
        ],
      },
      ['1.2.1', '1.2.2', '1.3.1'],
    ],
    [
      'a day, to its end',
      {
        filters: [
          {
            operator: 'BETWEEN',
            values: [
              { DICOMStudyDateAndTime: { DICOMStudyDate: '20240131', DICOMStudyTime: '120000' } },
              { DICOMStudyDateAndTime: { DICOMStudyDate: '20240131' } },
            ],
          },
        ],
      },
      ['1.2.1', '1.2.2', '1.3.1'],
    ],
    [
      'a series, updated in a span of time',
      {
        filters: [
          { operator: 'EQUAL', values: [{ DICOMSeriesInstanceUID: '1.2.1' }] },
          { operator: 'BETWEEN', values: [{ updatedAt: new Date(0) }, { updatedAt: new Date(4e12) }] },
        ],
      },
      ['1.2.1'],
    ],
  ])('finds by %s', async (_what, criteria, expected) => {
    expect(await search(criteria)).toEqual(expected);
  });

  const patientA: SearchFilter = { operator: 'EQUAL', values: [{ DICOMPatientId: 'A' }] };
  test.each<[string, SearchFilter[]]>([
    ['two filters of the same kind', [patientA, patientA]],
    [
      'two values for EQUAL',
      [{ operator: 'EQUAL', values: [{ DICOMPatientId: 'A' }, { DICOMPatientId: 'B' }] }],
    ],
    ['one value for BETWEEN', [{ operator: 'BETWEEN', values: [{ updatedAt: new Date(0) }] }]],
    [
      'a span of two attributes',
      [{ operator: 'BETWEEN', values: [{ updatedAt: new Date(0) }, { createdAt: new Date() }] }],
    ],
    [
      'a span of what is no date',
      [{ operator: 'BETWEEN', values: [{ DICOMPatientId: 'A' }, { DICOMPatientId: 'B' }] }],
    ],
  ])('refuses %s', async (_what, filters) => {
    await expect(search({ filters })).rejects.toMatchObject({ name: 'ValidationException' });
  });

  test.each([
    ['ASC', ['1.1', '1.2']],
    ['DESC', ['1.2', '1.1']],
  ] as const)('sorts by the study date, %s', async (sortOrder, expected) => {
    const datastoreId = await activeDatastore(aws);
    await putFiles(aws.data, 'dates', {
      '1.dcm': p10({ series: '1.1', studyDate: '20230131', instance: '1.1.1' }),
      '2.dcm': p10({ series: '1.2', studyDate: '20240131', instance: '1.2.1' }),
    });
    await importAll(aws, { datastoreId, inputS3Uri: 's3://dates/' });
    const sort = { sortField: 'DICOMStudyDateAndTime' as const, sortOrder };
    const found = await aws.imaging.searchImageSets({ datastoreId, searchCriteria: { sort } });
    expect(found.sort).toEqual(sort);
    expect(
      found.imageSetsMetadataSummaries?.map(({ DICOMTags }) => DICOMTags?.DICOMSeriesInstanceUID),
    ).toEqual(expected);
  });

  test('gives page after page, and says where a token is not its own', async () => {
    const { nextToken, imageSetsMetadataSummaries: first } = await aws.imaging.searchImageSets({
      datastoreId,
      maxResults: 2,
    });
    expect(first).toHaveLength(2);
    const rest = await aws.imaging.searchImageSets({ datastoreId, maxResults: 2, nextToken });
    expect(rest.imageSetsMetadataSummaries).toHaveLength(1);
    expect(rest.nextToken).toBeUndefined();
    const wrong = aws.imaging.searchImageSets({ datastoreId, nextToken: 'nonsense' });
    await expect(wrong).rejects.toMatchObject({ name: 'ValidationException' });
  });

  test('goes on after a page whose image sets have been deleted since', async () => {
    const datastoreId = await activeDatastore(aws);
    await importAll(aws, { datastoreId, inputS3Uri: 's3://input/' });
    const seen: unknown[] = [];
    let nextToken: string | undefined;
    do {
      const page = await aws.imaging.searchImageSets({ datastoreId, maxResults: 1, nextToken });
      for (const { imageSetId } of page.imageSetsMetadataSummaries ?? []) {
        seen.push(imageSetId);
        await aws.imaging.deleteImageSet({ datastoreId, imageSetId });
      }
      ({ nextToken } = page);
    } while (nextToken);
    expect(new Set(seen).size).toBe(3);
  });

  test('finds what a look at the metadata of every image set finds', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyAction, { minLength: 3, maxLength: 9 }),
        fc.array(anyCriteria, { minLength: 6, maxLength: 6 }),
        async (actions, searches) => {
          const datastore = await DatastoreOfImageSets.create(aws);
          for (const action of actions) await datastore.do(action);
          const all = await datastore.scan();
          for (const criteria of [{}, ...searches]) {
            expect(await datastore.search(criteria)).toEqual(all.matching(criteria));
          }
        },
      ),
      { numRuns: Number(process.env['FUZZ_RUNS'] ?? 12) },
    );
    await aws.control.settings({ copyMs: 0, updateMs: 0, deleteImageSetMs: 0 });
  });
});
