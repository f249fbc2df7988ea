import { localAws, type LocalAwsUnderTest } from './harness.ts';
import { activeDatastore, startImport } from './imaging-harness.ts';

describe('a client token', () => {
  let aws: LocalAwsUnderTest;
  let datastoreId: string;
  beforeAll(async () => {
    aws = await localAws();
    datastoreId = await activeDatastore(aws);
  });
  afterAll(() => aws.close());

  test('that comes again with the same parameters gives the same data store and job', async () => {
    const create = () => aws.imaging.createDatastore({ datastoreName: 'one', clientToken: 'create-1' });
    const [first, second] = [await create(), await create()];
    expect(second.datastoreId).toBe(first.datastoreId);
    const start = () => startImport(aws, { datastoreId, inputS3Uri: 's3://input/', clientToken: 'start-1' });
    const [job, again] = [await start(), await start()];
    expect(again).toMatchObject({ jobId: job.jobId, submittedAt: job.submittedAt });
    expect(await aws.control.jobs()).toMatchObject({ dicomImport: 1 });
  });

  test('that comes with other parameters is refused', async () => {
    await startImport(aws, { datastoreId, inputS3Uri: 's3://input/a/', clientToken: 'start-2' });
    const other = startImport(aws, { datastoreId, inputS3Uri: 's3://input/b/', clientToken: 'start-2' });
    await expect(other).rejects.toMatchObject({ name: 'ConflictException' });
  });

  test('is forgotten after its lifetime', async () => {
    await aws.control.settings({ tokenLifetimeMs: 0 });
    const start = () => startImport(aws, { datastoreId, inputS3Uri: 's3://input/', clientToken: 'start-3' });
    const [job, again] = [await start(), await start()];
    expect(again.jobId).not.toBe(job.jobId);
  });
});
