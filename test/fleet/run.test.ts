/** A fleet of imports over the local AWS, with its faults, other fleets, other writers, and terminations. */
import type { S3 } from '@aws-sdk/client-s3';
import { MockActivityEnvironment } from '@temporalio/testing';
import { fleetActivities } from '../../src/activities/fleet/index.ts';
import { copyObject } from '../../src/activities/s3-copy.ts';
import type { ImportOrder } from '../../src/activities/fleet/import-jobs.ts';
import type { ReportedJob } from '../../src/activities/fleet/record.ts';
import { runActivities } from '../../src/activities/fleet/run.ts';
import { removeCopies } from '../../src/activities/fleet/staged-files.ts';
import { healthlakeActivities } from '../../src/activities/healthlake.ts';
import { imagingActivities } from '../../src/activities/medical-imaging.ts';
import { REQUEST_RATES } from '../../src/activities/retry-delay.ts';
import { steerFleet, type FleetUpdate } from '../../src/client/fleet.ts';
import { readLines } from '../local-aws/imaging-harness.ts';
import { localAws, p10, putFiles, until, type LocalAwsUnderTest } from '../local-aws/harness.ts';
import { withCluster, type Cluster } from '../support/cluster.ts';
import { failureOf } from '../support/failure.ts';
import { textOfHistory } from '../support/history-text.ts';
import { recordHistory } from '../support/histories.ts';
import { roleArn } from '../support/inputs.ts';
import { archive as makeArchive, eachOnce, jobsInAws as listJobs, type RootInput } from './archive.ts';

let aws: LocalAwsUnderTest;
let cluster: Cluster;

withCluster(
  () => localAws({ dicomImportMs: 30, maxFilesPerDicomImport: 3 }),
  (...platform) => ([aws, cluster] = platform),
);
afterEach(async () => {
  await aws.control.resetFaults();
  await aws.control.settings({ maxConcurrentDicomImports: 100, dicomImportMs: 30 });
});

type Input = RootInput;

const archive = (...[folders, more]: [number, Record<string, string | Uint8Array>?]) =>
  makeArchive(aws, folders, more);
const jobsInAws = (input: Input) => listJobs(aws, input);
/** Waits until AWS has so many jobs of a fleet, or more. */
const untilJobs = (input: Input, least: number) =>
  until(
    () => jobsInAws(input),
    (jobs) => jobs.length >= least,
  );

const bucketOf = ({ inputS3Uri }: Input) => inputS3Uri.split('/')[2] ?? '';

const start = (input: Input, workflowId?: string) =>
  cluster.flows.start('importAllDicom', input, workflowId === undefined ? {} : { workflowId });
const execute = (input: Input) => cluster.flows.execute('importAllDicom', input);

const standingOf = (workflowId: string, ...update: FleetUpdate) => cluster.flows.steer(workflowId, ...update);

const untilPaused = (workflowId: string) =>
  until(
    () => cluster.flows.whereabouts(workflowId),
    (progress) => progress?.status === 'paused',
  );

test('each job is imported once; the report has a line for each, and one for each file that failed', async () => {
  const input = await archive(6, { 'in/study-x/notes.txt': 'not DICOM' });
  const run = await start(input);
  const result = await run.result();
  recordHistory('importAllDicom.run', await run.fetchHistory());
  expect(result).toMatchObject({
    outcome: 'partial',
    imports: { planned: 7, complete: 6, partial: 0, none: 1, failed: 0, unknown: 0, left: 0 },
    files: { planned: 7, imported: 6, failed: 1 },
    imageSetCounts: { total: 6, nonPrimary: 0 },
    cannot: {},
  });
  expect(await jobsInAws(input)).toEqual(eachOnce(7));
  const report = (await readLines(aws, result.report?.uri ?? '')) as ReportedJob[];
  expect(report.map(({ index, outcome }) => [index, outcome])).toEqual([
    ...[0, 1, 2, 3, 4, 5].map((index) => [index, 'complete']),
    [6, 'none'],
  ]);
  expect(report[0]).toMatchObject({
    prefix: `${input.inputS3Uri}study-000/`,
    files: 1,
    counts: { scanned: 1, imported: 1 },
    imageSets: { total: 1, nonPrimary: 0 },
    attempts: 1,
    submittedAt: expect.any(String),
    endedAt: expect.any(String),
  });
  expect(await readLines(aws, result.failures?.uri ?? '')).toMatchObject([
    { index: 6, file: 'in/study-x/notes.txt', reason: 'ValidationException' },
  ]);
  expect(await readLines(aws, result.summary?.uri ?? '')).toMatchObject([{ outcome: 'partial' }]);
});

test('a root with nothing in it ends well, and says so', async () => {
  const input = await archive(0, { 'other/1.dcm': 'x' });
  expect(await execute(input)).toMatchObject({ outcome: 'none', imports: { planned: 0 } });
});

describe('a flat folder with more files than a job may have', () => {
  const flat = () => archive(1, { 'in/flat/1.dcm': 'x', 'in/flat/2.dcm': 'x' });

  test('is refused before anything starts', async () => {
    const input = await flat();
    expect(await failureOf(execute(input))).toMatchObject({
      type: 'CannotPlan',
      message: expect.stringContaining('2 too many in one folder'),
    });
    expect(await jobsInAws(input)).toEqual([]);
  });

  test('is skipped if the input says so, and then the outcome is not complete', async () => {
    const input = { ...(await flat()), onUncut: 'skip' } as const;
    expect(await execute(input)).toMatchObject({
      outcome: 'partial',
      imports: { planned: 1, complete: 1 },
      cannot: { 'too many in one folder': { files: 2 } },
    });
  });
});

describe('files that no prefix can import are staged if the input names a place for copies', () => {
  const slice = (number: number) => p10({ series: `1.2.8.${number}`, instance: `1.2.8.${number}.1` });

  /** A folder of one study, and a folder of this many files. The copies go to a bucket of their own. */
  async function flat(files: number, more: Record<string, Uint8Array | string> = {}) {
    const keys = Array.from({ length: files }, (_, number) => [`in/flat/${number}.dcm`, slice(number)]);
    const input = await archive(1, { ...Object.fromEntries(keys), ...more });
    const copies = `${bucketOf(input)}-copies`;
    await aws.s3.createBucket({ Bucket: copies });
    const staged: Input = { ...input, filesPerJob: 2, stagingS3Uri: `s3://${copies}/deep` };
    return { staged, copies, before: await copyCalls() };
  }

  const copiesIn = async (Bucket: string) =>
    ((await aws.s3.listObjectsV2({ Bucket })).Contents ?? []).map(({ Key }) => Key);
  const untilCopies = (copies: string, count: number) =>
    until(
      () => copiesIn(copies),
      (keys) => keys.length === count,
    );
  const copyCalls = async (before = 0) =>
    (await aws.control.calls({ operation: 'CopyObject' })).length - before;

  test('whatever their names are; the reports name the originals, the history no key, and no copy is left', async () => {
    // Keys of almost 1,024 bytes, the most that S3 takes.
    const long = `in/flat/${`${'l'.repeat(250)}/`.repeat(4)}`;
    const { staged, copies, before } = await flat(2, {
      'in/flat/ü + %25 “?”.dcm': slice(10),
      'in/flat/sub/1.dcm': slice(11),
      'in/flat/sub/not DICOM.dcm': 'not DICOM',
      'in/flat/sub/3.dcm': slice(12),
      [`${long}1.dcm`]: slice(13),
      [`${long}2.dcm`]: slice(14),
      [`${long}3.dcm`]: slice(15),
    });
    const run = await start(staged);
    const result = await run.result();
    expect(result).toMatchObject({
      outcome: 'partial',
      imports: { planned: 6, complete: 5, partial: 1, failed: 0 },
      files: { planned: 10, imported: 9, failed: 1 },
      staged: { imports: 5, files: 9 },
      cannot: {},
    });
    expect(result.staged).not.toHaveProperty('copiesLeft');
    expect(await jobsInAws(staged)).toEqual(eachOnce(6));
    const report = (await readLines(aws, result.report?.uri ?? '')) as ReportedJob[];
    const folder = (key: string) => `s3://${bucketOf(staged)}/${key}`;
    expect(report.slice(1).map(({ folders, outcome }) => [folders, outcome])).toEqual([
      [[folder('in/flat/')], 'complete'],
      [[folder(long)], 'complete'],
      [[folder(long)], 'complete'],
      [[folder('in/flat/sub/')], 'complete'],
      [[folder('in/flat/sub/'), folder('in/flat/')], 'partial'],
    ]);
    expect(await readLines(aws, result.failures?.uri ?? '')).toMatchObject([
      { index: 5, file: 'in/flat/sub/not DICOM.dcm', reason: 'ValidationException' },
    ]);
    expect(await copiesIn(copies)).toEqual([]);
    expect(await copyCalls(before)).toBe(9);
    const text = await textOfHistory(cluster, run.workflowId);
    expect(text).toContain('stageImport');
    expect(text).not.toMatch(/flat|sub\/|\.dcm/);
  });

  test('except for those that are archived or were deleted, which are named', async () => {
    const { staged, before } = await flat(4);
    const Bucket = bucketOf(staged);
    await aws.s3.putObject({ Bucket, Key: 'in/flat/1.dcm', Body: 'x', StorageClass: 'GLACIER' });
    await aws.control.hold({ operation: 'CopyObject', when: 'before', count: 4 });
    const run = await start({ ...staged, onUncut: 'skip' });
    await until(
      () => copyCalls(before),
      (calls) => calls === 4,
    );
    await aws.s3.deleteObject({ Bucket, Key: 'in/flat/3.dcm' });
    await aws.control.release();
    const result = await run.result();
    expect(result).toMatchObject({
      outcome: 'partial',
      imports: { complete: 1, partial: 2 },
      files: { planned: 5, imported: 3, failed: 2 },
      cannot: { archived: { files: 1 } },
    });
    const failures = (await readLines(aws, result.failures?.uri ?? '')) as { file: string }[];
    expect(failures.toSorted((a, b) => a.file.localeCompare(b.file))).toMatchObject([
      { index: 1, file: 'in/flat/1.dcm', reason: 'archived' },
      { index: 2, file: 'in/flat/3.dcm', reason: 'missing' },
    ]);
  });

  test('and after a kill of the worker only what is missing is copied', async () => {
    const beside = [1, 2, 3].map((number) => [`in/${number}.dcm`, slice(number)]);
    const { staged: input, copies, before } = await flat(0, Object.fromEntries(beside));
    const staged = { ...input, filesPerJob: 3 };
    await aws.control.hold({ operation: 'CopyObject', when: 'before', count: 1 });
    const run = await start(staged);
    await untilCopies(copies, 2);
    await cluster.withoutWorker(() => aws.control.resetFaults());
    expect(await run.result()).toMatchObject({ outcome: 'complete', files: { planned: 4, imported: 4 } });
    expect(await jobsInAws(staged)).toEqual(eachOnce(2));
    // The call that was held has copied its file, although nobody has received the answer.
    expect(await copyCalls(before)).toBe(3);
    expect(await copiesIn(copies)).toEqual([]);
  });

  test('a second run stages only what an earlier one has left: skipped, or copied by a run that was terminated', async () => {
    const { staged, copies, before } = await flat(4);
    const { stagingS3Uri: _, ...without } = staged;
    expect(await execute({ ...without, onUncut: 'skip' })).toMatchObject({ imports: { complete: 1 } });
    await aws.control.settings({ dicomImportMs: 'never' });
    const run = await start(staged);
    await untilJobs(staged, 2);
    await run.terminate();
    expect(await copiesIn(copies)).toContainEqual(
      expect.stringMatching(/^deep\/[0-9a-f]{16}\/1\/0000001\.dcm$/),
    );
    await aws.control.settings({ dicomImportMs: 30 });
    await aws.control.settleAll();
    const again = { ...staged, stagingS3Uri: 's3://elsewhere/' };
    expect(await failureOf(execute(again))).toMatchObject({ type: 'ValidationFailed' });
    // The plan has the staged jobs now, whatever the input says.
    expect(await execute(without)).toMatchObject({
      outcome: 'complete',
      imports: { planned: 3, complete: 3 },
    });
    expect(await jobsInAws(staged)).toEqual(eachOnce(3));
    expect(await copyCalls(before)).toBe(4);
    expect(await copiesIn(copies)).toEqual([]);
  });

  test('copies are removed with the record of their job, or at the end if it was not started; a second run makes these again', async () => {
    const { staged, copies } = await flat(6);
    await aws.control.settings({ dicomImportMs: 'never' });
    const run = await start({ ...staged, concurrency: 1 });
    await untilJobs(staged, 1);
    await aws.control.settleAll();
    // Each job has two files: the copies of the job that is in AWS, and those of the next one, which waits for it to end.
    await untilCopies(copies, 4);
    await untilJobs(staged, 2);
    await aws.control.settleAll();
    await until(
      () => copiesIn(copies),
      (keys) => keys.length === 4 && !keys.some((key) => key?.includes('/1/')),
    );
    await untilJobs(staged, 3);
    await standingOf(run.workflowId, 'cancelRemaining');
    await aws.control.settings({ dicomImportMs: 30 });
    await aws.control.settleAll();
    expect(await run.result()).toMatchObject({ outcome: 'partial', imports: { complete: 3, left: 1 } });
    expect(await copiesIn(copies)).toEqual([]);
    expect(await execute(staged)).toMatchObject({ outcome: 'complete', imports: { complete: 4, left: 0 } });
  });

  test('the copies belong to the account of the data store, whoever owns the originals', async () => {
    const { staged } = await flat(2);
    const { plan } = await execute({ ...staged, filesPerJob: 1, planOnly: true });
    const owners: unknown[] = [];
    const service = {
      start: async ({ inputOwnerAccountId }: ImportOrder) => ({
        jobId: `job ${owners.push(inputOwnerAccountId)}`,
      }),
      list: async () => ({ items: [], nextToken: undefined }),
      get: async () => ({ jobId: '', name: '', status: '' }),
      open: [],
    };
    const { startImports } = runActivities(aws.s3, { 'medical-imaging': service, healthlake: service });
    await new MockActivityEnvironment().run(startImports, {
      order: { ...staged, service: 'medical-imaging' as const, inputOwnerAccountId: '123456789012' },
      plan: { planId: 'plan', planUri: plan.uri },
      tries: [0, 1].map((index) => [index, 1] as const),
      firstAt: Date.now(),
      every: 1,
      least: 1,
      stopAfter: 5,
    });
    expect(owners).toEqual(['123456789012', undefined]);
  });

  test('copies that S3 refuses to remove are counted', async () => {
    await putFiles(aws.data, 'kept', { 'copies/0/0000001.dcm': 'x', 'copies/0/0000002.dcm': 'x' });
    const Errors = [{ Key: 'copies/0/0000001.dcm', Code: 'AccessDenied' }];
    const refusing: S3 = Object.create(aws.s3);
    refusing.middlewareStack = aws.s3.middlewareStack.clone();
    refusing.middlewareStack.add(
      (next, { commandName }) =>
        async (args) =>
          commandName === 'DeleteObjectsCommand'
            ? { response: undefined, output: { Errors, $metadata: {} } }
            : next(args),
      { step: 'initialize' },
    );
    const { signal } = new AbortController();
    expect(await removeCopies(refusing, 's3://kept/copies/', signal, () => {})).toBe(1);
    expect(await removeCopies(aws.s3, 's3://kept/copies/', signal, () => {})).toBe(0);
    expect(await copiesIn('kept')).toEqual([]);
  });

  test('a large file is copied in parts', async () => {
    const bucket = 'large';
    const bytes = Buffer.alloc(11 * 1024 ** 2, 'ab');
    await putFiles(aws.data, bucket, { 'a + b': bytes });
    const copying = { from: { bucket, key: 'a + b' }, to: { bucket, key: 'copy' }, size: bytes.length };
    await copyObject(aws.s3, copying, new AbortController().signal, 5 * 1024 ** 2);
    const { Body, ETag } = await aws.s3.getObject({ Bucket: bucket, Key: 'copy' });
    expect(ETag).toMatch(/-3"$/);
    expect(bytes.equals((await Body?.transformToByteArray()) ?? Buffer.of())).toBe(true);
    await aws.control.failNext({ operation: 'UploadPartCopy', error: 'SlowDown' });
    await expect(
      copyObject(aws.s3, copying, new AbortController().signal, 5 * 1024 ** 2),
    ).rejects.toMatchObject({ name: 'SlowDown' });
    expect((await aws.s3.listMultipartUploads({ Bucket: bucket })).Uploads ?? []).toEqual([]);
  });

  test('a role that may not copy pauses the fleet; once it is mended, the fleet goes on', async () => {
    const { staged } = await flat(3);
    await aws.control.failNext({ operation: 'CopyObject', error: 'AccessDenied' });
    const run = await start(staged);
    const progress = await untilPaused(run.workflowId);
    expect(progress?.lastError).toBe('files cannot be copied to stagingS3Uri: AccessDenied');
    await standingOf(run.workflowId, 'resume');
    expect(await run.result()).toMatchObject({ outcome: 'complete', files: { imported: 4 } });
  });

  test('a plan counts them; copies that would be among the files to import are refused', async () => {
    const { staged, before } = await flat(4);
    expect(await execute({ ...staged, planOnly: true })).toMatchObject({
      imports: { planned: 3 },
      files: { planned: 5 },
      staged: { imports: 2, files: 4 },
      cannot: {},
    });
    const within = { ...staged, planName: 'within', stagingS3Uri: staged.inputS3Uri };
    expect(await failureOf(execute(within))).toMatchObject({
      type: 'ValidationFailed',
      message: expect.stringContaining('among the files to import'),
    });
    const nowhere = { ...staged, planName: 'nowhere', stagingS3Uri: 's3://nowhere/' };
    expect(await failureOf(execute(nowhere))).toMatchObject({ type: 'NoSuchBucket' });
    expect(await copyCalls(before)).toBe(0);
  });
});

describe('a second run on the same plan', () => {
  test('starts nothing if nothing is missing', async () => {
    const input = await archive(3);
    const first = await execute(input);
    expect(first).toMatchObject({ outcome: 'complete' });
    // A start with the token of an earlier one would make no job. So the calls are counted, and not the jobs.
    const starts = () => aws.control.calls({ operation: 'StartDICOMImportJob' });
    const { length: before } = await starts();
    expect(await execute(input)).toEqual(first);
    expect(await starts()).toHaveLength(before);
  });

  test('goes on where one was terminated in the middle', async () => {
    const input = await archive(8);
    const run = await start({ ...input, concurrency: 2 });
    await aws.control.settings({ dicomImportMs: 200 });
    await untilJobs(input, 4);
    await run.terminate();
    expect(await execute(input)).toMatchObject({ outcome: 'complete', imports: { complete: 8 } });
    expect(await jobsInAws(input)).toEqual(eachOnce(8));
  });

  test('tries again what has failed', async () => {
    const input = await archive(2);
    await aws.control.failOutcome({ operation: 'StartDICOMImportJob', message: 'INTERNAL_ERROR', count: 3 });
    const run = await start(input);
    for (let tries = 0; tries < 3; tries++) {
      await untilPaused(run.workflowId);
      await standingOf(run.workflowId, 'resume');
      await until(
        () => cluster.flows.whereabouts(run.workflowId),
        (progress) => progress?.status !== 'paused' || Number(progress.counters?.['ended']) > 0,
      );
    }
    expect(await run.result()).toMatchObject({ imports: { complete: 1, failed: 1 } });
    expect(await execute(input)).toMatchObject({ outcome: 'complete', imports: { complete: 2, failed: 0 } });
  });
});

describe('no job is started twice', () => {
  test.each(['before', 'after'] as const)(
    'if the reply to a start is lost %s it takes effect',
    async (when) => {
      const input = await archive(4);
      await aws.control.dropConnection({ operation: 'StartDICOMImportJob', when, count: 2 });
      expect(await execute(input)).toMatchObject({ outcome: 'complete' });
      expect(await jobsInAws(input)).toEqual(eachOnce(4));
    },
  );

  test('if the worker is killed while starts are on their way', async () => {
    const input = await archive(6);
    const held = aws.control.hold({ operation: 'StartDICOMImportJob', when: 'after', count: 1 });
    await held;
    const run = await start(input);
    await until(
      () => aws.control.calls({ operation: 'StartDICOMImportJob' }),
      (calls) => calls.some(({ outcome }) => outcome === 'held'),
    );
    await cluster.withoutWorker(async () => {
      const { temporal } = cluster.flows;
      await expect(steerFleet(temporal, run.workflowId, ['setConcurrency', 10], 200)).rejects.toThrow(
        'No worker has answered within 0.2 s, so setConcurrency may take effect later or not at all.',
      );
      await aws.control.release();
    });
    expect(await run.result()).toMatchObject({ outcome: 'complete' });
    expect(await jobsInAws(input)).toEqual(eachOnce(6));
  });
});

test('a job of somebody else with the mark of one of ours is not taken for ours', async () => {
  const theirFile = (name: string) => p10({ series: `1.2.8.${name}`, instance: `1.2.8.${name}.1` });
  const input = await archive(1, { 'theirs/1.dcm': theirFile('1'), 'theirs/2.dcm': theirFile('2') });
  const { plan } = await execute({ ...input, planOnly: true });
  const [planId] = plan.uri.split('/').slice(-2);
  const theirs = { datastoreId: input.datastoreId, dataAccessRoleArn: roleArn, jobName: `${planId}-0-1` };
  await aws.imaging.startDICOMImportJob({
    ...theirs,
    inputS3Uri: input.inputS3Uri.replace('/in/', '/theirs/'),
    outputS3Uri: input.outputS3Uri,
  });
  await until(
    () => jobsInAws(input),
    ([job]) => job === '0-1 COMPLETED',
  );
  expect(await execute(input)).toMatchObject({ outcome: 'complete', files: { imported: 1 } });
  expect(await jobsInAws(input)).toEqual(['0-1 COMPLETED', '0-1 COMPLETED']);
});

test('a start that is lost for long is found by its mark, whatever the status of its job', async () => {
  const input = await archive(4);
  const { plan } = await execute({ ...input, planOnly: true });
  const [planId = ''] = plan.uri.split('/').slice(-2);
  const jobs: string[] = [];
  for (const [index, prefix] of ['study-000', 'study-001', 'study-002', 'elsewhere'].entries()) {
    const { datastoreId, dataAccessRoleArn, outputS3Uri } = input;
    const inputS3Uri = `${input.inputS3Uri}${prefix}/`;
    const mark = { jobName: `${planId}-${index}-2`, clientToken: `${planId}-${index}-2` };
    const job = { datastoreId, dataAccessRoleArn, inputS3Uri, outputS3Uri, ...mark };
    const { jobId = '' } = await aws.imaging.startDICOMImportJob(job);
    jobs.push(jobId);
  }
  for (const [index, status] of ['COMPLETED', 'FAILED', 'IN_PROGRESS', 'COMPLETED'].entries())
    await aws.control.arrange({ kind: 'dicomImportJob', id: jobs[index] ?? '', patch: { status } });
  const imaging = imagingActivities(aws.imaging, aws.s3, REQUEST_RATES);
  const { lookAtImports } = fleetActivities(
    aws.s3,
    imaging,
    healthlakeActivities(aws.healthlake, REQUEST_RATES),
  );
  const looked: ReturnType<typeof lookAtImports> = new MockActivityEnvironment().run(lookAtImports, {
    order: { service: 'medical-imaging' as const, ...input },
    plan: { planId, planUri: plan.uri },
    running: [],
    lost: [0, 1, 2, 3].map((index) => [index, 2] as const),
  });
  const found = [0, 1, 2].map((index) => ({ index, attempt: 2, jobId: jobs[index] }));
  expect(await looked).toEqual({ ended: [], found: expect.arrayContaining(found), absent: [3] });
});

test('a quota that is lower than configured is kept: the rest waits', async () => {
  const input = await archive(9);
  await aws.control.settings({ maxConcurrentDicomImports: 2 });
  expect(await execute(input)).toMatchObject({ outcome: 'complete' });
  expect(await jobsInAws(input)).toEqual(eachOnce(9));
});

test('throttled starts are sent again', async () => {
  const input = await archive(4);
  await aws.control.failNext({ operation: 'StartDICOMImportJob', error: 'ThrottlingException', count: 3 });
  expect(await execute({ ...input, startsPerSecond: 100 })).toMatchObject({ outcome: 'complete' });
  expect(await jobsInAws(input)).toEqual(eachOnce(4));
});

test('a fleet does not pause because S3 cannot be reached for a moment', async () => {
  const input = await archive(4);
  await aws.control.settings({ dicomImportMs: 'never' });
  const run = await start(input);
  await untilJobs(input, 1);
  await aws.control.failNext({ operation: 'GetObject', error: 'ServiceUnavailable', status: 503, count: 99 });
  await aws.control.settings({ dicomImportMs: 30 });
  await aws.control.settleAll();
  // Enough for five failures of starts in a row, even if the activity that reads the manifest has some of them.
  await until(
    () => aws.control.calls({ operation: 'GetObject' }),
    (calls) => calls.filter(({ outcome }) => outcome === 'ServiceUnavailable').length >= 7,
  );
  await aws.control.resetFaults();
  expect(await run.result()).toMatchObject({ outcome: 'complete' });
});

test('starts that are overdue are not sent at once, not even by two batches at the same time', async () => {
  const input = await archive(10);
  const { plan } = await execute({ ...input, planOnly: true });
  const began = Date.now();
  const sent: number[] = [];
  const service = {
    start: async () => ({ jobId: `job ${sent.push(Date.now())}` }),
    list: async () => ({ items: [], nextToken: undefined }),
    get: async () => ({ jobId: '', name: '', status: '' }),
    open: [],
  };
  const { startImports } = runActivities(aws.s3, { 'medical-imaging': service, healthlake: service });
  const batch = (from: number): ReturnType<typeof startImports> =>
    new MockActivityEnvironment().run(startImports, {
      order: { ...input, service: 'medical-imaging' as const },
      plan: { planId: 'plan', planUri: plan.uri },
      tries: [0, 1, 2, 3, 4].map((number) => [from + number, 1] as const),
      firstAt: began - 1_000,
      every: 20,
      least: 18,
      stopAfter: 5,
    });
  const answers = await Promise.all([batch(0), batch(5)]);
  expect(answers.flatMap(({ started }) => started)).toHaveLength(10);
  // Nine intervals lie between ten starts.
  expect(sent.at(-1)).toBeGreaterThanOrEqual(began + 9 * 18);
});

test.each([
  ['a file that now lies beside sub-folders has no job', false, 4],
  ['a file that now lies beside sub-folders is staged', true, 5],
])('a prefix that has grown beyond the quota is planned again; %s', async (_, stages, jobs) => {
  const root = await archive(1);
  const staging = stages && { stagingS3Uri: `s3://${bucketOf(root)}/copies/` };
  const input: Input = { ...root, filesPerJob: 3, ...staging };
  await execute({ ...input, planOnly: true });
  const grown = Array.from({ length: 4 }, (__, index) => [
    `in/study-000/more-${index}/1.dcm`,
    p10({ series: `1.2.9.${index}`, instance: `1.2.9.${index}.1` }),
  ]);
  await putFiles(aws.data, bucketOf(input), Object.fromEntries(grown));
  const result = await execute(input);
  expect(result).toMatchObject({ imports: { planned: jobs, complete: jobs }, files: { imported: jobs } });
  const report = (await readLines(aws, result.report?.uri ?? '')) as ReportedJob[];
  expect(report.map(({ outcome }) => outcome)).toEqual(['planned again', ...Array(jobs).fill('complete')]);
});

test('a wrong role stops after the first job; once it is mended, the fleet goes on', async () => {
  const input = await archive(5);
  await aws.control.failNext({ operation: 'StartDICOMImportJob', error: 'AccessDeniedException' });
  const run = await start(input);
  const progress = await untilPaused(run.workflowId);
  expect(progress?.lastError).toBe('the first job has failed: AccessDeniedException');
  expect(await jobsInAws(input)).toEqual([]);
  await standingOf(run.workflowId, 'resume');
  expect(await run.result()).toMatchObject({ outcome: 'complete' });
  expect(await jobsInAws(input)).toHaveLength(5);
});

test('five failures in a row for the same reason pause a fleet that has begun well', async () => {
  const input = await archive(8);
  await aws.control.settings({ dicomImportMs: 'never' });
  const run = await start(input);
  await untilJobs(input, 1);
  await aws.control.failNext({ operation: 'StartDICOMImportJob', error: 'AccessDeniedException', count: 5 });
  await aws.control.settings({ dicomImportMs: 30 });
  await aws.control.settleAll();
  const progress = await untilPaused(run.workflowId);
  expect(progress?.lastError).toBe('5 failures one after the other: AccessDeniedException');
  await standingOf(run.workflowId, 'resume');
  expect(await run.result()).toMatchObject({ outcome: 'complete', imports: { complete: 8 } });
});

test('a fleet on folders of another open fleet is refused, and one beside it is not', async () => {
  const input = await archive(3);
  await aws.control.settings({ dicomImportMs: 'never' });
  const run = await start(input);
  await untilJobs(input, 1);
  const within = { ...input, inputS3Uri: `${input.inputS3Uri}study-001/`, planName: 'other' };
  expect(await failureOf(execute(within))).toMatchObject({
    type: 'FleetExists',
    message: expect.stringContaining(run.workflowId),
  });
  expect(await failureOf((await start({ ...input, concurrency: 3 }, 'same-plan')).result())).toMatchObject({
    type: 'FleetExists',
  });
  const elsewhere = { ...input, inputS3Uri: input.inputS3Uri.replace('/in/', '/inbox/') };
  expect(await execute(elsewhere)).toMatchObject({ outcome: 'none' });
  await aws.control.settings({ dicomImportMs: 30 });
  await aws.control.settleAll();
  await run.result();
});

describe('updates', () => {
  test('pause, change and resume a fleet, and are idempotent', async () => {
    const input = await archive(3);
    await aws.control.settings({ dicomImportMs: 'never' });
    const { workflowId, ...run } = await start(input);
    await untilJobs(input, 1);
    const progress = await until(
      () => cluster.flows.whereabouts(workflowId),
      (now) => now?.counters?.['running'] === 1,
    );
    expect(progress).toMatchObject({
      counters: { planned: 3, waiting: 2, ended: 0 },
      concurrency: 10,
      startsPerSecond: 200,
      expectedEndAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    });
    for (let time = 0; time < 2; time++) {
      expect(await standingOf(workflowId, 'pause')).toMatchObject({
        status: 'paused',
        running: 1,
        waiting: 2,
      });
    }
    const { temporal } = cluster.flows;
    const details = await temporal.workflow.getHandle(workflowId).query('__temporal_workflow_metadata');
    expect(details).toMatchObject({
      currentDetails: expect.stringMatching(/paused\n\n░{20} 0 of 3 jobs\n[^]*- ⚠ paused by an update/),
    });
    expect(await cluster.flows.whereabouts(workflowId)).not.toHaveProperty(
      'expectedEndAt',
      expect.anything(),
    );
    expect(await standingOf(workflowId, 'setConcurrency', 1)).toMatchObject({ concurrency: 1 });
    expect(await standingOf(workflowId, 'setStartsPerSecond', 99)).toMatchObject({ startsPerSecond: 99 });
    await expect(standingOf(workflowId, 'setConcurrency', 0)).rejects.toThrow(/a whole number from 1/);
    await aws.control.settings({ dicomImportMs: 30 });
    await aws.control.settleAll();
    await until(
      () => cluster.flows.whereabouts(workflowId),
      (progress) => progress?.counters?.['ended'] === 1,
    );
    expect(await jobsInAws(input)).toHaveLength(1);
    await standingOf(workflowId, 'resume');
    expect(await run.result()).toMatchObject({ outcome: 'complete' });
    await expect(standingOf(workflowId, 'pause')).rejects.toThrow(/has already ended as COMPLETED/);
  });

  test('cancelRemaining sees through what is in AWS, and a second run does the rest', async () => {
    const input = await archive(3);
    await aws.control.settings({ dicomImportMs: 'never' });
    const { workflowId, ...run } = await start(input);
    await untilJobs(input, 1);
    expect(await standingOf(workflowId, 'cancelRemaining')).toMatchObject({
      status: 'cancelling',
      running: 1,
    });
    await aws.control.settings({ dicomImportMs: 30 });
    await aws.control.settleAll();
    expect(await run.result()).toMatchObject({ outcome: 'partial', imports: { complete: 1, left: 2 } });
    expect(await execute(input)).toMatchObject({ outcome: 'complete', imports: { complete: 3, left: 0 } });
    expect(await jobsInAws(input)).toEqual(eachOnce(3));
  });
});

test('cancelRemaining while the plan is being made starts nothing', async () => {
  const input = await archive(2);
  await aws.control.hold({ operation: 'ListObjectsV2' });
  const run = await start(input);
  await until(
    () => aws.control.calls({ operation: 'ListObjectsV2' }),
    (calls) => calls.some(({ outcome }) => outcome === 'held'),
  );
  expect(await standingOf(run.workflowId, 'pause')).toMatchObject({ status: 'paused' });
  await standingOf(run.workflowId, 'cancelRemaining');
  await aws.control.release();
  expect(await run.result()).toMatchObject({ outcome: 'none', imports: { planned: 2, left: 2 } });
  expect(await jobsInAws(input)).toEqual([]);
});

test('a run that is cancelled says what goes on in AWS, and a second run finds it', async () => {
  const input = await archive(2);
  await aws.control.settings({ dicomImportMs: 'never' });
  const run = await start(input);
  await until(
    () => cluster.flows.whereabouts(run.workflowId),
    (progress) => progress?.counters?.['running'] === 1,
  );
  await cluster.flows.cancel(run.workflowId);
  await expect(run.result()).rejects.toThrow(/cancelled/i);
  const { memo } = await run.describe();
  expect(memo).toMatchObject({ awsJobs: '1 job', stillRunning: true });
  await aws.control.settings({ dicomImportMs: 30 });
  await aws.control.settleAll();
  expect(await execute(input)).toMatchObject({ outcome: 'complete' });
  expect(await jobsInAws(input)).toEqual(eachOnce(2));
});

describe('a recurring import', () => {
  const recurring = ({ inputS3Uri, ...input }: Input) => ({
    flow: 'importAllDicom' as const,
    input: { ...input, inputS3Uri: `${inputS3Uri}{yyyy}/` },
  });
  const year = new Date().getUTCFullYear();
  const file = (name: string, series: string) => ({
    [`in/${year}/${name}/1.dcm`]: p10({ series, instance: `${series}.1` }),
  });

  test('makes a plan at each firing, so that files which came since are imported, too', async () => {
    const input = await archive(0, file('a', '1.2.7.1'));
    const first = await cluster.flows.execute('recurringImport', recurring(input));
    expect(first).toMatchObject({
      status: 'imported',
      inputS3Uri: `${input.inputS3Uri}${year}/`,
      objects: 1,
      import: { result: { outcome: 'complete', imports: { complete: 1 }, files: { imported: 1 } } },
    });
    await putFiles(aws.data, input.inputS3Uri.split('/')[2] ?? '', file('b', '1.2.7.2'));
    const run = await cluster.flows.start('recurringImport', recurring(input));
    expect(await run.result()).toMatchObject({ objects: 2, import: { result: { files: { imported: 2 } } } });
    const report = await cluster.flows.report(run.workflowId, aws.s3);
    const lines: ReportedJob[] = [];
    for await (const line of report ?? []) lines.push(line);
    expect(lines).toHaveLength(2);
    recordHistory('recurringImport.fleet', await run.fetchHistory());
  });

  test('skips a firing of a fleet whose folder is empty', async () => {
    const result = await cluster.flows.execute('recurringImport', recurring(await archive(1)));
    expect(result).toMatchObject({ status: 'skipped', reason: 'nothing is there', objects: 0 });
  });

  test('fails if the fleet of an earlier firing still runs, and names no folder in its failure', async () => {
    const input = await archive(0, file('a', '1.2.7.3'));
    await aws.control.settings({ dicomImportMs: 'never' });
    const run = await cluster.flows.start('recurringImport', recurring(input), { workflowId: 'firing-1' });
    await untilJobs(input, 1);
    const second = cluster.flows.execute('recurringImport', recurring(input), { workflowId: 'firing-2' });
    expect(await failureOf(second)).toMatchObject({ type: 'FleetExists' });
    await expect(cluster.flows.steer('firing-1', 'pause')).rejects.toThrow(/that is firing-1-import/);
    await aws.control.settings({ dicomImportMs: 30 });
    await aws.control.settleAll();
    expect(await run.result()).toMatchObject({ import: { workflowId: 'firing-1-import' } });
    const { inputS3Uri: _, ...listed } = input;
    const imports = [{ inputS3Uri: 's3://bucket/JANE/' }, { inputS3Uri: 's3://bucket/JANE/' }];
    const twice = { flow: 'importAllDicom' as const, input: { ...listed, imports } };
    const failure = await failureOf(cluster.flows.execute('recurringImport', twice));
    expect(failure.type).toBe('ValidationFailed');
    expect(JSON.stringify(failure)).not.toContain('JANE');
  });
});

describe('the sums are what the manifests say', () => {
  /** Ends the open job of a fleet by a status and a manifest, instead of letting it import. */
  async function end(input: Input, jobs: number, status: string, manifest?: object): Promise<void> {
    const { jobSummaries = [] } = await until(
      () => aws.imaging.listDICOMImportJobs({ datastoreId: input.datastoreId }),
      ({ jobSummaries: all = [] }) => all.length === jobs,
    );
    const open = jobSummaries.find(
      ({ jobStatus }) => jobStatus === 'SUBMITTED' || jobStatus === 'IN_PROGRESS',
    );
    const { jobId: id = '' } = open ?? {};
    const key = `out/${input.datastoreId}-DicomImport-${id}/job-output-manifest.json`;
    const content = JSON.stringify({ jobSummary: manifest });
    if (manifest) await putFiles(aws.data, input.inputS3Uri.split('/')[2] ?? '', { [key]: content });
    await aws.control.arrange({ kind: 'dicomImportJob', id, patch: { status } });
  }

  async function fleetOfOne() {
    const input = await archive(1);
    await aws.control.settings({ dicomImportMs: 'never' });
    return { input, run: await start(input) };
  }

  const counts = (imported: number, customer: number, server: number) => ({
    numberOfScannedFiles: imported + customer + server,
    numberOfImportedFiles: imported,
    numberOfFilesWithCustomerError: customer,
    numberOfFilesWithServerError: server,
  });

  test('also where a manifest contradicts the plan; files that failed because of their data are not tried again', async () => {
    const { input, run } = await fleetOfOne();
    await end(input, 1, 'COMPLETED', counts(4, 1, 0));
    expect(await run.result()).toMatchObject({
      outcome: 'partial',
      imports: { partial: 1 },
      files: { planned: 1, imported: 4, failed: 1 },
    });
    expect(await jobsInAws(input)).toEqual(['0-1 COMPLETED']);
  });

  test('and a job without one has an unknown outcome', async () => {
    const { input, run } = await fleetOfOne();
    await end(input, 1, 'COMPLETED');
    expect(await run.result()).toMatchObject({ outcome: 'unknown', imports: { unknown: 1 } });
  });

  test('a job that loses files by a fault of the service is tried up to three times', async () => {
    const { input, run } = await fleetOfOne();
    for (const attempt of [1, 2, 3]) await end(input, attempt, 'COMPLETED', counts(1, 0, 1));
    const result = await run.result();
    expect(result).toMatchObject({ outcome: 'partial', files: { imported: 1, failed: 1 } });
    expect(await jobsInAws(input)).toEqual(['0-1 COMPLETED', '0-2 COMPLETED', '0-3 COMPLETED']);
    expect(await readLines(aws, result.report?.uri ?? '')).toMatchObject([{ attempts: 3 }]);
  });

  test('a job that is FAILED by GetDICOMImportJob has failed, even with a manifest of a complete import', async () => {
    const { input, run } = await fleetOfOne();
    for (const attempt of [1, 2, 3]) {
      await end(input, attempt, 'FAILED', counts(1, 0, 0));
      if (attempt === 3) continue;
      await untilPaused(run.workflowId);
      await standingOf(run.workflowId, 'resume');
    }
    expect(await run.result()).toMatchObject({ outcome: 'partial', imports: { complete: 0, failed: 1 } });
  });
});
