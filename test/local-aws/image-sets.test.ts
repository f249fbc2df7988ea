import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { localAws, p10, putFiles, until, type LocalAwsUnderTest } from './harness.ts';
import {
  activeDatastore,
  imageSetsBySeries,
  importAll,
  readMetadata,
  startImport,
} from './imaging-harness.ts';

describe('HealthImaging', () => {
  let aws: LocalAwsUnderTest;
  let datastoreId: string;
  beforeEach(async () => {
    aws = await localAws();
    datastoreId = await activeDatastore(aws);
    await putFiles(aws.data, 'input', {
      '1.dcm': p10({ series: '1.1', instance: '1.1.1' }),
      '2.dcm': p10({ series: '1.1', instance: '1.1.2' }),
    });
  });
  afterEach(() => aws.close());

  const importInput = async () => {
    const job = await importAll(aws, { datastoreId, inputS3Uri: 's3://input/' });
    const { '1.1': imageSetId = '' } = await imageSetsBySeries(aws, datastoreId);
    return { job, imageSetId };
  };
  const deleted = (imageSetId: string) =>
    until(
      () => aws.imaging.getImageSet({ datastoreId, imageSetId }),
      ({ imageSetState }) => imageSetState === 'DELETED',
    );

  test('metadata may not be consistent yet right after an import', async () => {
    await aws.control.settings({ metadataInconsistentMs: 'never' });
    const { imageSetId } = await importInput();
    await expect(readMetadata(aws, { datastoreId, imageSetId })).rejects.toMatchObject({
      name: 'ConflictException',
      message: 'Requested ImageSet metadata is not consistent yet. Please retry after a few seconds.',
    });
  });

  test('a deleted image set still answers, but not for its metadata, its frames or a second delete', async () => {
    const { imageSetId } = await importInput();
    const { Study } = await readMetadata(aws, { datastoreId, imageSetId });
    const frame = {
      datastoreId,
      imageSetId,
      imageFrameInformation: { imageFrameId: Study.Series['1.1'].Instances['1.1.1'].ImageFrames[0].ID },
    };
    expect(await aws.imaging.getImageFrame(frame)).toMatchObject({ contentType: 'image/jph' });
    expect(await aws.imaging.deleteImageSet({ datastoreId, imageSetId })).toMatchObject({
      imageSetState: 'LOCKED',
      imageSetWorkflowStatus: 'DELETING',
    });
    expect(await deleted(imageSetId)).toMatchObject({ deletedAt: expect.any(Date) });
    const gone = { name: 'ResourceNotFoundException' };
    await expect(readMetadata(aws, { datastoreId, imageSetId })).rejects.toMatchObject(gone);
    await expect(aws.imaging.getImageFrame(frame)).rejects.toMatchObject(gone);
    await expect(aws.imaging.deleteImageSet({ datastoreId, imageSetId })).rejects.toMatchObject(gone);
  });

  test('what was deleted long ago is not there any more', async () => {
    const { imageSetId } = await importInput();
    await aws.imaging.deleteImageSet({ datastoreId, imageSetId });
    await deleted(imageSetId);
    await aws.control.settings({ deletedVisibleMs: 0 });
    const gone = { name: 'ResourceNotFoundException' };
    await expect(aws.imaging.getImageSet({ datastoreId, imageSetId })).rejects.toMatchObject(gone);
    await aws.imaging.deleteDatastore({ datastoreId });
    await expect(aws.imaging.getDatastore({ datastoreId })).rejects.toMatchObject(gone);
    expect((await aws.imaging.listDatastores({})).datastoreSummaries).toEqual([]);
  });

  test('an import beside a LOCKED image set makes one that is not primary', async () => {
    const { imageSetId } = await importInput();
    await aws.control.arrange({ kind: 'imageSet', id: imageSetId, patch: { imageSetState: 'LOCKED' } });
    await importAll(aws, { datastoreId, inputS3Uri: 's3://input/' });
    const { imageSetsMetadataSummaries = [] } = await aws.imaging.searchImageSets({ datastoreId });
    expect(new Set(imageSetsMetadataSummaries.map(({ isPrimary }) => isPrimary))).toEqual(
      new Set([false, true]),
    );
  });

  test('a data store goes only when it is empty', async () => {
    const { imageSetId } = await importInput();
    const conflict = { name: 'ConflictException' };
    await expect(aws.imaging.deleteDatastore({ datastoreId })).rejects.toMatchObject(conflict);
    await aws.imaging.deleteImageSet({ datastoreId, imageSetId });
    await deleted(imageSetId);
    expect(await aws.imaging.deleteDatastore({ datastoreId })).toMatchObject({ datastoreStatus: 'DELETING' });
    await until(
      () => aws.imaging.listDatastores({ datastoreStatus: 'DELETED' }),
      ({ datastoreSummaries = [] }) => datastoreSummaries.length === 1,
    );
    await expect(startImport(aws, { datastoreId, inputS3Uri: 's3://input/' })).rejects.toMatchObject(
      conflict,
    );
  });

  test('a job with more files than it may have fails, one more job than there may be is refused', async () => {
    await aws.control.settings({ maxFilesPerDicomImport: 1 });
    const { job } = await importInput();
    expect(job).toMatchObject({ jobStatus: 'FAILED', message: expect.stringContaining('FILE_COUNTS_LIMIT') });
    await aws.control.settings({ maxConcurrentDicomImports: 1, dicomImportMs: 'never' });
    await startImport(aws, { datastoreId, inputS3Uri: 's3://input/' });
    await expect(startImport(aws, { datastoreId, inputS3Uri: 's3://input/' })).rejects.toMatchObject({
      name: 'ServiceQuotaExceededException',
      $metadata: { httpStatusCode: 402 },
    });
  });

  test('a job whose outputs cannot be written fails', async () => {
    await mkdir(path.join(aws.data, 's3'), { recursive: true });
    await writeFile(path.join(aws.data, 's3/results'), 'a file where the bucket should be');
    const { job } = await importInput();
    expect(job).toMatchObject({
      jobStatus: 'FAILED',
      message: expect.stringContaining('a file in its place'),
    });
  });

  test('jobs are listed by their status', async () => {
    const { job } = await importInput();
    const { jobSummaries } = await aws.imaging.listDICOMImportJobs({ datastoreId, jobStatus: 'COMPLETED' });
    expect(jobSummaries).toMatchObject([{ jobId: job.jobId, jobName: job.jobName }]);
    const none = await aws.imaging.listDICOMImportJobs({ datastoreId, jobStatus: 'FAILED' });
    expect(none.jobSummaries).toEqual([]);
  });
});
