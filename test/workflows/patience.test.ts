/** Calls that nobody has answered say nothing of AWS, however long no worker lived; and a service that asks for time gets it. */
import { setTimeout as pause } from 'node:timers/promises';
import { isRecord } from '../../src/guards.ts';
import { startCluster, type Cluster } from '../support/cluster.ts';
import { copyInput, datastoreId, destinationImageSetId, fhirInput } from '../support/inputs.ts';
import { fhirImportReply, imageSetReply, now } from '../support/replies.ts';
import { error, startScriptedAws, type Call, type Reply, type ScriptedAws } from '../support/scripted-aws.ts';

/** A second attempt begins within it, after the first has timed out: it finds no worker. */
const BUDGET_MS = 4_000;
const polling = { minimumInterval: 20, timeout: BUDGET_MS };
/** Long enough for a busy machine to answer one call. */
const TOKEN_LIFE_MS = 6_000;

const started = { JobId: 'j1', JobStatus: 'SUBMITTED', DatastoreId: datastoreId };

let aws: ScriptedAws;
let cluster: Cluster;

beforeAll(async () => {
  aws = await startScriptedAws();
  const settings = { READ_BUDGET: `${BUDGET_MS}ms`, CLIENT_TOKEN_LIFE: `${TOKEN_LIFE_MS}ms` };
  cluster = await startCluster(aws.endpoint, { settings });
});
afterAll(async () => {
  await cluster.stop();
  await aws.close();
});

test('a start, a copy, a tag, a list and a poll that no worker was there for end well once there is one', async () => {
  const imageSet = imageSetReply(destinationImageSetId)('1', 'ACTIVE');
  const jobs = { ListFHIRImportJobs: [{ ImportJobPropertiesList: [] }] };
  const images = { ListDICOMImportJobs: [{ jobSummaries: [] }], GetImageSet: [imageSet] };
  const unanswered: Record<string, Reply[]> = {
    StartFHIRImportJob: ['hang'],
    CopyImageSet: ['hang'],
    TagResource: ['hang'],
    ListDICOMImportJobs: ['hang'],
    DescribeFHIRImportJob: ['hang'],
  };
  aws.script({ ...jobs, ...images, ...unanswered });
  const { flows } = cluster;
  const runs = await Promise.all([
    flows.start('startImportAndWaitCompleted', { ...fhirInput, polling }),
    flows.start('startImportAndWaitCompleted', { ...fhirInput, JobId: 'j1', polling }),
    flows.start('copyImageSet', { ...copyInput, polling }),
    flows.start('tagImageSet', {
      datastoreId,
      imageSetId: destinationImageSetId,
      tags: { ward: 'b' },
      polling,
    }),
    flows.start('auditCompletedImports', { datastoreId }),
  ]);
  for (const operation of Object.keys(unanswered)) {
    while (aws.callsOf(operation).length === 0) await pause(20);
  }

  await cluster.withoutWorker(async () => {
    await pause(BUDGET_MS + 1_000);
    aws.script({
      ...jobs,
      ...images,
      StartFHIRImportJob: [started],
      DescribeFHIRImportJob: [fhirImportReply('COMPLETED')],
      CopyImageSet: [
        {
          datastoreId,
          destinationImageSetProperties: { imageSetId: destinationImageSetId, latestVersionId: '1' },
        },
      ],
      TagResource: [{}],
      ListTagsForResource: [{ tags: { ward: 'b' } }],
    });
  });

  expect(await Promise.allSettled(runs.map((run) => run.result()))).toEqual(
    runs.map(() => expect.objectContaining({ status: 'fulfilled' })),
  );
});

test('a start that was refused each time is no doubt, whoever has a job of that name, or may not look', async () => {
  const full = { ...error('ServiceQuotaExceededException', 402), retryAfter: TOKEN_LIFE_MS / 1_000 };
  const another = { ...fhirImportReply('IN_PROGRESS').ImportJobProperties, SubmitTime: now() + 1 };
  const nameIn = ({ body }: Call) => (isRecord(body) ? body['JobName'] : undefined);
  const looked = (name: unknown) => aws.callsOf('ListFHIRImportJobs').some((call) => nameIn(call) === name);
  aws.script({
    StartFHIRImportJob: [(call) => (looked(nameIn(call)) ? started : full)],
    ListFHIRImportJobs: [
      (call) =>
        nameIn(call) === 'taken'
          ? { ImportJobPropertiesList: [{ ...another, JobName: 'taken' }] }
          : error('AccessDeniedException', 403),
    ],
    DescribeFHIRImportJob: [fhirImportReply('COMPLETED')],
  });
  const results = ['taken', 'hidden'].map((JobName) =>
    cluster.flows.execute('startImportAndWaitCompleted', { ...fhirInput, JobName }),
  );
  const one = expect.objectContaining({ jobId: 'j1' });
  expect(await Promise.all(results)).toEqual([one, one]);
  // As the service has asked: not before its hint.
  expect(aws.callsOf('StartFHIRImportJob')).toHaveLength(4);
});

test('a change is sent again when the service has asked for it, not before', async () => {
  const copied = { imageSetId: destinationImageSetId, latestVersionId: '1' };
  aws.script({
    GetImageSet: [imageSetReply(destinationImageSetId)('1', 'ACTIVE')],
    CopyImageSet: [
      { ...error('ThrottlingException', 429), retryAfter: 3 },
      { datastoreId, destinationImageSetProperties: copied },
    ],
  });
  const run = await cluster.flows.start('copyImageSet', copyInput);
  await run.result();
  const { events } = await cluster.flows.temporal.workflow.getHandle(run.workflowId).fetchHistory();
  const timers = events?.flatMap(({ timerStartedEventAttributes: timer }) => timer?.startToFireTimeout ?? []);
  expect(timers?.map(({ seconds }) => Number(seconds))).toEqual([3]);
});
