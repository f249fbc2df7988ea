import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodedByOpenJpeg } from './codecs/openjpeg.ts';
import { localAws, p10, putFiles, type LocalAwsUnderTest } from './harness.ts';
import {
  activeDatastore,
  imageSetsBySeries,
  importAll,
  readLines,
  readMetadata,
  readObject,
} from './imaging-harness.ts';
import { part10, syntaxes } from './part10.ts';

const file = (name: string) => readFileSync(join(import.meta.dirname, 'files', name));

describe('a DICOM import', () => {
  let aws: LocalAwsUnderTest;
  let datastoreId: string;
  beforeAll(async () => (aws = await localAws()));
  afterAll(() => aws.close());
  beforeEach(async () => (datastoreId = await activeDatastore(aws)));

  test('makes one primary image set per series and tells what became of each file', async () => {
    await putFiles(aws.data, 'input', {
      'a/1.dcm': p10({ series: '1.2.3.1', instance: '1.2.3.1.1' }),
      'a/2.dcm': p10({ series: '1.2.3.1', instance: '1.2.3.1.2' }),
      'a/3.dcm': p10({ series: '1.2.3.2', instance: '1.2.3.2.1' }),
      'a/notes.txt': 'these are notes',
      'ab/elsewhere.dcm': p10({ series: '1.2.3.9', instance: '1.2.3.9.1' }),
    });
    const job = await importAll(aws, {
      datastoreId,
      inputS3Uri: 's3://input/a/',
      outputS3Uri: 's3://results/out',
    });
    expect(job).toMatchObject({ jobStatus: 'COMPLETED', inputS3Uri: 's3://input/a/', jobName: job.jobId });
    expect(job.outputS3Uri).toBe(`s3://results/out/${datastoreId}-DicomImport-${job.jobId}/`);

    const { jobSummary } = JSON.parse(await readObject(aws, `${job.outputS3Uri}job-output-manifest.json`));
    const bySeries = await imageSetsBySeries(aws, datastoreId);
    expect(jobSummary).toEqual({
      jobId: job.jobId,
      datastoreId,
      inputS3Uri: 's3://input/a/',
      outputS3Uri: job.outputS3Uri,
      successOutputS3Uri: `${job.outputS3Uri}SUCCESS/`,
      failureOutputS3Uri: `${job.outputS3Uri}FAILURE/`,
      warningsOutputS3Uri: `${job.outputS3Uri}WARNING/`,
      numberOfScannedFiles: 4,
      numberOfImportedFiles: 3,
      numberOfFilesWithCustomerError: 1,
      numberOfFilesWithServerError: 0,
      numberOfGeneratedImageSets: 2,
      imageSetsSummary: [
        {
          imageSetId: bySeries['1.2.3.1'],
          imageSetVersion: 1,
          isPrimary: true,
          numberOfMatchedSOPInstances: 2,
        },
        {
          imageSetId: bySeries['1.2.3.2'],
          imageSetVersion: 1,
          isPrimary: true,
          numberOfMatchedSOPInstances: 1,
        },
      ],
    });
    expect(await readLines(aws, `${job.outputS3Uri}FAILURE/failure.ndjson`)).toEqual([
      {
        inputFile: 'a/notes.txt',
        exception: { exceptionType: 'ValidationException', message: 'DICOM attributes does not exist' },
      },
    ]);
    expect(await readLines(aws, `${job.outputS3Uri}SUCCESS/success.ndjson`)).toContainEqual({
      inputFile: 'a/3.dcm',
      importResponse: { imageSetId: bySeries['1.2.3.2'], imageSetVersion: 1, isPrimary: true },
    });
  });

  test('keeps the attributes by their levels, and the frames', async () => {
    await putFiles(aws.data, 'input', { 'one/1.dcm': p10({ series: '1.2.4.1', instance: '1.2.4.1.1' }) });
    await importAll(aws, { datastoreId, inputS3Uri: 's3://input/one/' });
    const imageSetId = (await imageSetsBySeries(aws, datastoreId))['1.2.4.1'] ?? '';
    const metadata = await readMetadata(aws, { datastoreId, imageSetId });
    expect(metadata).toMatchObject({
      SchemaVersion: '1.1',
      DatastoreID: datastoreId,
      ImageSetID: imageSetId,
      Patient: { DICOM: { PatientName: 'Doe^Jane', PatientID: 'P1' } },
      Study: { DICOM: { StudyInstanceUID: '1.2.3' }, Series: { '1.2.4.1': { DICOM: { Modality: 'CT' } } } },
    });
    const instance = metadata.Study.Series['1.2.4.1'].Instances['1.2.4.1.1'];
    expect(instance).toMatchObject({
      DICOM: { SliceThickness: '1.250 ', Rows: 4, '00091001': 'private' },
      DICOMVRs: { '00091001': 'LO' },
      StoredTransferSyntaxUID: '1.2.840.10008.1.2.4.202',
      ImageFrames: [{ MinPixelValue: 0, MaxPixelValue: 1500, FrameSizeInBytes: 32 }],
    });
    const imageFrameInformation = { imageFrameId: instance.ImageFrames[0].ID };
    const frame = await aws.imaging.getImageFrame({ datastoreId, imageSetId, imageFrameInformation });
    const { pixels } = await decodedByOpenJpeg(
      (await frame.imageFrameBlob?.transformToByteArray()) ?? Buffer.alloc(0),
    );
    expect(pixels).toEqual(Buffer.from(Uint16Array.from({ length: 16 }, (_, i) => i * 100).buffer));
    expect(frame.contentType).toBe('image/jph');
  });

  test('of the same instance again makes the next version of its image set', async () => {
    await putFiles(aws.data, 'input', { 'again/1.dcm': p10({ series: '1.2.5.1', instance: '1.2.5.1.1' }) });
    await importAll(aws, { datastoreId, inputS3Uri: 's3://input/again/' });
    await importAll(aws, { datastoreId, inputS3Uri: 's3://input/again/' });
    const imageSetId = (await imageSetsBySeries(aws, datastoreId))['1.2.5.1'] ?? '';
    const { imageSetPropertiesList } = await aws.imaging.listImageSetVersions({ datastoreId, imageSetId });
    expect(imageSetPropertiesList).toMatchObject([
      { versionId: '2', ImageSetWorkflowStatus: 'IMPORTED', isPrimary: true },
      { versionId: '1', ImageSetWorkflowStatus: 'CREATED', isPrimary: true },
    ]);
  });

  test('puts what conflicts with a primary image set into one that is not primary', async () => {
    await putFiles(aws.data, 'input', {
      'first/1.dcm': p10({ series: '1.2.6.1', instance: '1.2.6.1.1', patient: 'P1' }),
      'other/1.dcm': p10({ series: '1.2.6.1', instance: '1.2.6.1.2', patient: 'P2' }),
    });
    await importAll(aws, { datastoreId, inputS3Uri: 's3://input/first/' });
    await importAll(aws, { datastoreId, inputS3Uri: 's3://input/other/' });
    const { imageSetsMetadataSummaries } = await aws.imaging.searchImageSets({
      datastoreId,
      searchCriteria: { filters: [{ operator: 'EQUAL', values: [{ DICOMPatientId: 'P2' }] }] },
    });
    expect(imageSetsMetadataSummaries).toMatchObject([{ isPrimary: false, version: 1 }]);
  });

  // HealthImaging developer guide, "Warning codes": the frames cannot be taken out of the pixel data (45328).
  test('takes in pixel data that are cut short, without frames, and warns', async () => {
    await putFiles(aws.data, 'input', {
      'cut/1.dcm': file('three-frames-only-two-there.dcm'),
      'cut/2.dcm': file('two-frames-16-bytes-trailing.dcm'),
    });
    const job = await importAll(aws, { datastoreId, inputS3Uri: 's3://input/cut/' });
    const warnings = await readLines(aws, `${job.outputS3Uri}WARNING/warning.ndjson`);
    const imported = { imageSetVersion: 1, isPrimary: true };
    expect(warnings).toMatchObject([
      {
        inputFile: 'cut/1.dcm',
        importResponse: {
          ...imported,
          warnings: [{ warning_reason_code: 45328, type: 'FramesExtractionFailure' }],
        },
      },
    ]);
    expect(await readLines(aws, `${job.outputS3Uri}SUCCESS/success.ndjson`)).toMatchObject([
      {
        inputFile: 'cut/1.dcm',
        importResponse: { ...imported, imageSetId: expect.any(String) },
      },
      { inputFile: 'cut/2.dcm', importResponse: imported },
    ]);
    const { jobSummary } = JSON.parse(await readObject(aws, `${job.outputS3Uri}job-output-manifest.json`));
    expect(jobSummary).toMatchObject({ numberOfImportedFiles: 2, numberOfFilesWithCustomerError: 0 });
  });

  test('keeps studies apart whose UIDs differ in their letters alone, and warns of these UIDs', async () => {
    const file = (letter: string) =>
      p10({
        study: `1.2.3.${letter}1`,
        series: `1.2.3.${letter}2`,
        instance: `1.2.3.${letter}3`,
      });
    await putFiles(aws.data, 'input', { 'letters/a.dcm': file('a'), 'letters/b.dcm': file('b') });
    const job = await importAll(aws, { datastoreId, inputS3Uri: 's3://input/letters/' });
    const bySeries = await imageSetsBySeries(aws, datastoreId);
    expect(Object.keys(bySeries).sort()).toEqual(['1.2.3.a2', '1.2.3.b2']);
    const imageSetId = bySeries['1.2.3.b2'] ?? '';
    const { Study } = await readMetadata(aws, { datastoreId, imageSetId });
    expect(Study.DICOM.StudyInstanceUID).toBe('1.2.3.b1');
    expect(Object.keys(Study.Series['1.2.3.b2'].Instances)).toEqual(['1.2.3.b3']);
    expect(await readLines(aws, `${job.outputS3Uri}WARNING/warning.ndjson`)).toMatchObject(
      ['a', 'b'].map((letter) => ({
        inputFile: `letters/${letter}.dcm`,
        importResponse: { warnings: [{ warning_reason_code: 45570, type: 'InvalidUidFormat' }] },
      })),
    );
  });

  // HealthImaging developer guide, "DICOM element constraints".
  test('refuses a file with an attribute longer than the service allows, and names no value', async () => {
    await putFiles(aws.data, 'input', {
      'long/1.dcm': p10({ series: '1.2.8.1', instance: '1.2.8.1.1', patient: 'SECRET'.repeat(43) }),
    });
    const job = await importAll(aws, { datastoreId, inputS3Uri: 's3://input/long/' });
    expect(await readLines(aws, `${job.outputS3Uri}FAILURE/failure.ndjson`)).toEqual([
      {
        inputFile: 'long/1.dcm',
        exception: {
          exceptionType: 'ValidationException',
          message: 'DICOM attribute PatientID exceeds the maximum length of 256',
        },
      },
    ]);
  });

  test('gives a video as one object, of the media type of its codec', async () => {
    const fragments = [Buffer.from('the beginning '), Buffer.from('of a stream and its end ')];
    const video = (syntax: string, series: string) =>
      part10(
        [
          ['00080018', 'UI', `${series}.1`],
          ['0020000E', 'UI', series],
          ['00280008', 'IS', '4 '],
          ['7FE00010', 'OB', { table: [], fragments }],
        ],
        syntax,
      );
    await putFiles(aws.data, 'input', {
      'video/mpeg2.dcm': video('1.2.840.10008.1.2.4.100', '1.2.9.1'),
      'video/mpeg4.dcm': video(syntaxes.mpeg4, '1.2.9.2'),
    });
    await importAll(aws, { datastoreId, inputS3Uri: 's3://input/video/' });
    const bySeries = await imageSetsBySeries(aws, datastoreId);
    for (const [series, contentType] of [
      ['1.2.9.1', 'video/mpeg'],
      ['1.2.9.2', 'video/mp4'],
    ] as const) {
      const imageSetId = bySeries[series] ?? '';
      const { Study } = await readMetadata(aws, { datastoreId, imageSetId });
      const { ImageFrames } = Study.Series[series].Instances[`${series}.1`];
      expect(ImageFrames).toMatchObject([{ MinPixelValue: null, MaxPixelValue: null, FrameSizeInBytes: 38 }]);
      const imageFrameInformation = { imageFrameId: ImageFrames[0].ID };
      const frame = await aws.imaging.getImageFrame({ datastoreId, imageSetId, imageFrameInformation });
      expect(frame.contentType).toBe(contentType);
      const bytes = (await frame.imageFrameBlob?.transformToByteArray()) ?? [];
      expect(Buffer.from(bytes)).toEqual(Buffer.concat(fragments));
    }
  });

  test('that finds nothing ends with an empty manifest, or FAILED if so set', async () => {
    await putFiles(aws.data, 'input', {
      'elsewhere/1.dcm': p10({ series: '1.2.7.1', instance: '1.2.7.1.1' }),
    });
    const empty = { datastoreId, inputS3Uri: 's3://input/nothing/' };
    const job = await importAll(aws, empty);
    const { jobSummary } = JSON.parse(await readObject(aws, `${job.outputS3Uri}job-output-manifest.json`));
    expect(jobSummary).toMatchObject({ numberOfScannedFiles: 0, imageSetsSummary: [] });
    await aws.control.settings({ emptyInput: 'FAILED' });
    expect(await importAll(aws, empty)).toMatchObject({
      jobStatus: 'FAILED',
      message: expect.stringContaining('No file'),
    });
    await aws.control.settings({ emptyInput: 'COMPLETED' });
  });

  test('from a bucket that is not there fails, unless set otherwise', async () => {
    const nowhere = { datastoreId, inputS3Uri: 's3://nowhere/a/' };
    expect(await importAll(aws, nowhere)).toMatchObject({
      jobStatus: 'FAILED',
      message: expect.stringContaining('bucket'),
    });
    await aws.control.settings({ missingInputBucket: 'COMPLETED' });
    expect(await importAll(aws, nowhere)).toMatchObject({ jobStatus: 'COMPLETED' });
    await aws.control.settings({ missingInputBucket: 'FAILED' });
  });
});
