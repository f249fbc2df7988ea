/**
 * Replies that exceed Temporal's limits. The server terminates a run with a value of more than 2 MB, without a useful failure.
 * Our runs close as `COMPLETED` with what fits, or as `FAILED` with what to do.
 */
import { bytesOf, MOST_BYTES } from '../../src/lib/size.ts';
import { withCluster, type Cluster } from '../support/cluster.ts';
import { failureOf } from '../support/failure.ts';
import {
  datastoreId,
  destinationImageSetId as imageSetId,
  onboardInput,
  polling,
} from '../support/inputs.ts';
import { dicomJobReply, dicomOutput, imageSetReply, now, outputOf } from '../support/replies.ts';
import { startScriptedAws, type Call, type ScriptedAws } from '../support/scripted-aws.ts';

let aws: ScriptedAws;
let cluster: Cluster;

withCluster(startScriptedAws, (...platform) => ([aws, cluster] = platform));

/** A text of a number of bytes, with characters of three bytes each. */
const bytes = (size: number) => '語'.repeat(Math.ceil(size / 3));

/** A page with as many image sets as the call requests, of a number of bytes each, and a token for more. */
const pageOfImageSets =
  (size: number) =>
  ({ query }: Call) => {
    const asked = new URLSearchParams(query);
    const from = Number(asked.get('nextToken') ?? 0);
    const most = Number(asked.get('maxResults'));
    return {
      imageSetsMetadataSummaries: Array.from({ length: most }, (_, index) => ({
        imageSetId: `set-${from + index}`,
        version: 1,
        createdAt: now(),
        DICOMTags: { DICOMStudyDescription: bytes(size) },
      })),
      nextToken: String(from + most),
    };
  };

const importDone = {
  GetDICOMImportJob: [dicomJobReply('COMPLETED')],
};
const importInput = { datastoreId, jobId: 'j1', polling };

test('a page of 2.5 MB is requested again with fewer items, and the list continues where it was cut', async () => {
  aws.script(
    { ...importDone, SearchImageSets: [pageOfImageSets(50_000)] },
    dicomOutput('j1', { scanned: 1, imported: 1 }),
  );
  const result = await cluster.flows.execute('importDicomAndSearch', importInput);
  const listed = result.imageSetsMetadataSummaries.map((summary) => summary.imageSetId);
  // Each call whose page is too large is followed by one for half as many items, with the same token.
  expect(aws.callsOf('SearchImageSets').map(({ query }) => query)).toEqual([
    'maxResults=50',
    'maxResults=25',
    'maxResults=13',
    expect.stringContaining('nextToken=13'),
    expect.stringContaining('nextToken=13'),
    expect.stringContaining('nextToken=13'),
  ]);
  expect(listed).toEqual(Array.from({ length: 13 }, (_, index) => `set-${index}`));
  // The second page does not fit, so the list continues with it.
  expect(result.nextToken).toBe('13');
  expect(bytesOf(result)).toBeLessThan(MOST_BYTES);
});

test('a list whose single item is too large is a failure that says so', async () => {
  const imageSetsMetadataSummaries = [{ imageSetId: 'set', DICOMTags: { DICOMStudyId: bytes(2_500_000) } }];
  aws.script(
    { ...importDone, SearchImageSets: [{ imageSetsMetadataSummaries, nextToken: 'more' }] },
    dicomOutput('j1', { scanned: 1, imported: 1 }),
  );
  const { type, message, details } = await failureOf(
    cluster.flows.execute('importDicomAndSearch', importInput),
  );
  expect(type).toBe('ResultTooLarge');
  expect(message).toMatch(/^searchImageSets: one item of the list has 25\d{5} bytes/);
  // The outcome of the import is kept.
  expect(details).toMatchObject({ step: 'searchImageSets', result: { outcome: 'complete' } });
});

test('a reply of 2.5 MB that is no list is a failure that says so', async () => {
  aws.script({ GetImageSet: [imageSetReply(imageSetId)('1', 'ACTIVE', 'CREATED', bytes(2_500_000))] });
  const run = cluster.flows.execute('tagImageSet', { datastoreId, imageSetId, tags: { a: 'b' }, polling });
  expect(await failureOf(run)).toMatchObject({
    type: 'ResultTooLarge',
    message: expect.stringMatching(/^getImageSet: the result has 25\d{5} bytes/),
  });
});

test('the message of an error of 2.5 MB is cut', async () => {
  aws.script({
    GetImageSet: [{ $error: 'ValidationException', status: 400, message: bytes(2_500_000) }],
  });
  const run = cluster.flows.execute('tagImageSet', { datastoreId, imageSetId, tags: { a: 'b' }, polling });
  const { type, details } = await failureOf(run);
  expect(type).toBe('ValidationException');
  expect(details.awsMessage).toMatch(/^語+…$/);
});

/** Each line has another reason, and every text has the maximum length. */
const reportOf = (lines: number, line: (index: number) => object) =>
  Array.from({ length: lines }, (_, index) => JSON.stringify(line(index))).join('\n');

const largeFailures = reportOf(300, (index) => ({
  inputFile: bytes(5_000),
  exception: { exceptionType: `${index}${bytes(5_000)}`, message: bytes(10_000) },
}));
const largeWarnings = reportOf(300, (index) => ({
  inputFile: bytes(5_000),
  importResponse: {
    imageSetId: bytes(5_000),
    warnings: [{ type: `${index}${bytes(5_000)}`, message: bytes(10_000) }],
  },
}));
const largeManifest = {
  scanned: 5_000,
  imported: 4_700,
  imageSetsSummary: Array.from({ length: 5_000 }, (_, index) => ({
    imageSetId: `${index}-${bytes(300)}`,
    imageSetVersion: 1,
    isPrimary: false,
  })),
};

const everythingLarge = (jobId: string, manifest = largeManifest) => ({
  ...dicomOutput(jobId, manifest),
  [`${outputOf(jobId)}/FAILURE/failure.ndjson`]: largeFailures,
  [`${outputOf(jobId)}/WARNING/warning.ndjson`]: largeWarnings,
});

test('a result with every member at its maximum fits, and every failure is counted', async () => {
  aws.script({ ...importDone, SearchImageSets: [pageOfImageSets(18_000)] }, everythingLarge('j1'));
  const result = await cluster.flows.execute('importDicomAndSearch', {
    ...importInput,
    listFailedFiles: 100,
  });
  const { failures, warnings, imageSets, imageSetCounts } = result;
  const counted = Object.values(failures?.byReason ?? {}).reduce((sum, count) => sum + count, 0);
  expect(counted).toBe(300);
  expect(failures?.byReason).toHaveProperty('(others)', 250);
  expect(failures?.listed.length).toBeGreaterThan(50);
  expect(warnings?.listed.length).toBeGreaterThan(30);
  expect(imageSets?.length).toBeLessThan(1_000);
  expect(imageSetCounts).toMatchObject({ total: 5_000, restIn: expect.stringContaining('manifest') });
  expect(bytesOf(result)).toBeLessThan(MOST_BYTES);
});

test('the same fits if the run fails and the result is in its details', async () => {
  aws.script({ ...importDone, SearchImageSets: [pageOfImageSets(18_000)] }, everythingLarge('j1'));
  const input = { ...importInput, listFailedFiles: 100, onFileErrors: 'fail' } as const;
  const { type, details } = await failureOf(cluster.flows.execute('importDicomAndSearch', input));
  expect(type).toBe('FilesFailed');
  expect(details.result).toMatchObject({ outcome: 'partial' });
});

test('an audit stops before its jobs no longer fit, and says where to continue', async () => {
  const jobs = Array.from({ length: 60 }, (_, index) => `j${index}`);
  const at = (jobId: string) => 1_800_000_000 - Number(jobId.slice(1));
  const outputs = jobs.map((jobId) => everythingLarge(jobId, { ...largeManifest, imageSetsSummary: [] }));
  aws.script(
    {
      ListDICOMImportJobs: [
        {
          jobSummaries: jobs.map((jobId) => ({
            jobId,
            jobName: 'n',
            jobStatus: 'COMPLETED',
            datastoreId,
            submittedAt: at(jobId),
            endedAt: at(jobId),
          })),
        },
      ],
      GetDICOMImportJob: [
        ({ path }: Call) => {
          const jobId = path.split('/').at(-1) ?? '';
          const submittedAt = at(jobId);
          return dicomJobReply('COMPLETED', { jobId, submittedAt, outputS3Uri: `${outputOf(jobId)}/` });
        },
      ],
      SearchImageSets: [pageOfImageSets(18_000)],
    },
    Object.assign({}, ...outputs),
  );
  const result = await cluster.flows.execute('auditCompletedImports', { datastoreId });
  expect(bytesOf(result)).toBeLessThan(MOST_BYTES);
  expect(result.jobs.length).toBeGreaterThanOrEqual(10);
  expect(result.jobs.length + result.notAudited).toBe(60);
  expect(result.nextSubmittedBefore).toBe(new Date(at(`j${result.jobs.length}`) * 1_000).toISOString());
});

test('a result whose parts fit one by one, and not together, is a failure with the outcome of the job', async () => {
  const job = (size: number) => ({
    JobId: 'j1',
    JobStatus: 'COMPLETED',
    SubmitTime: now(),
    DatastoreId: datastoreId,
    Message: bytes(size),
  });
  aws.script({
    DescribeFHIRExportJob: [{ ExportJobProperties: job(1_500_000) }],
    ListFHIRExportJobs: [{ ExportJobPropertiesList: [job(900_000)] }],
  });
  const run = cluster.flows.execute('startExportPollAndList', {
    DatastoreId: datastoreId,
    JobId: 'j1',
    polling,
  });
  const { type, message, details } = await failureOf(run);
  expect(type).toBe('ResultTooLarge');
  expect(message).toMatch(/the result has 2\d{6} bytes.*ask for less/);
  expect(details).toMatchObject({ ids: { jobId: 'j1' }, result: { jobStatus: 'COMPLETED' } });
});

test('a detail type of 1 MB in an event is cut', async () => {
  aws.script({ GetDICOMImportJob: [dicomJobReply('IN_PROGRESS')] });
  const { workflowId } = await cluster.flows.start('onboardDatastoreAndImport', {
    ...onboardInput,
    datastoreId,
    jobId: 'j1',
    polling: { minimumInterval: '1h' },
  });
  while (aws.callsOf('GetDICOMImportJob').length === 0) await new Promise((done) => setTimeout(done, 20));
  const run = cluster.flows.temporal.workflow.getHandle(workflowId);
  const event = { id: 'e', source: 'aws', time: '', ids: { jobId: 'j1' }, detailType: bytes(1_000_000) };
  await run.signal('awsEvent', event);
  const { status = '' } = (await cluster.flows.whereabouts(workflowId)) ?? {};
  expect(status).toMatch(/^語+…$/);
  expect(bytesOf(status)).toBeLessThanOrEqual(200);
  await run.cancel();
});

test('an input with 20,000 unknown members is rejected with the first of them', async () => {
  const names = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`member${index}`, 1]));
  const { temporal } = cluster.flows;
  const run = await temporal.workflow.start('tagImageSet', {
    args: [names],
    taskQueue: cluster.taskQueue,
    workflowId: 'unknown-members',
  });
  const { type, message } = await failureOf(run.result());
  expect(type).toBe('ValidationFailed');
  expect(message).toMatch(/member0 is not known here.*; and \d+ more problems$/);
  expect(bytesOf(message)).toBeLessThan(100_000);
});

test('a run whose history is nearly full fails by itself, with the ids to continue with', async () => {
  aws.script({ GetDICOMImportJob: [dicomJobReply('IN_PROGRESS')] });
  const { workflowId } = await cluster.flows.start('onboardDatastoreAndImport', {
    ...onboardInput,
    datastoreId,
    jobId: 'j1',
    polling: { minimumInterval: '1s', maximumInterval: '1h', share: 1 },
  });
  while (aws.callsOf('GetDICOMImportJob').length === 0) await new Promise((done) => setTimeout(done, 20));
  const run = cluster.flows.temporal.workflow.getHandle(workflowId);
  // Each signal stays in the history. Temporal terminates a run with a history of 50 MB.
  const event = { id: 'e', source: 'aws', time: '', ids: { jobId: 'j1' } };
  for (let number = 0; number < 17; number++) {
    await run.signal('awsEvent', { ...event, detailType: bytes(1_800_000) });
  }
  await run.signal('awsEvent', { ...event, detailType: 'Import Job Completed' });
  const { type, message, details } = await failureOf(run.result());
  expect(type).toBe('HistoryFull');
  expect(message).toMatch(/events in 3\d{7} bytes/);
  expect(details).toMatchObject({ step: 'pollImportJob', ids: { jobId: 'j1' } });
});
