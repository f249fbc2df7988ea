/** Calls that nobody has answered say nothing of AWS, however long no worker lived; and throttling fills no history. */
import { setTimeout as pause } from 'node:timers/promises';
import { WorkflowFailedError } from '@temporalio/client';
import { withCluster, type Cluster } from '../support/cluster.ts';
import { failureOf } from '../support/failure.ts';
import { copyInput, datastoreId, destinationImageSetId, fhirInput } from '../support/inputs.ts';
import { fhirImportReply, imageSetReply } from '../support/replies.ts';
import { error, startScriptedAws, type Reply, type ScriptedAws } from '../support/scripted-aws.ts';

const BUDGET_MS = 4_000;
const polling = { minimumInterval: 20, timeout: BUDGET_MS };

const started = { JobId: 'j1', JobStatus: 'SUBMITTED', DatastoreId: datastoreId };
/** All that waited come back together: the services throttle them. */
const busy = error('ThrottlingException', 429);
const imageSet = imageSetReply(destinationImageSetId)('1', 'ACTIVE');
const copied = {
  datastoreId,
  destinationImageSetProperties: { imageSetId: destinationImageSetId, latestVersionId: '1' },
};

let aws: ScriptedAws;
let cluster: Cluster;

withCluster(startScriptedAws, (...platform) => ([aws, cluster] = platform), {
  settings: { READ_BUDGET: `${BUDGET_MS}ms` },
});

test('a start, a copy, a tag, a list and a poll that no worker was there for end well once there is one', async () => {
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
      StartFHIRImportJob: [busy, started],
      DescribeFHIRImportJob: [fhirImportReply('COMPLETED')],
      CopyImageSet: [busy, copied],
      TagResource: [busy, {}],
      ListTagsForResource: [{ tags: { ward: 'b' } }],
    });
  });

  expect(await Promise.allSettled(runs.map((run) => run.result()))).toEqual(
    runs.map(() => expect.objectContaining({ status: 'fulfilled' })),
  );
});

test.each([
  { flow: 'copyImageSet', operation: 'CopyImageSet', input: copyInput, done: copied },
  {
    flow: 'startImportAndWaitCompleted',
    operation: 'StartFHIRImportJob',
    input: { ...fhirInput, polling },
    done: started,
  },
] as const)('$flow that is throttled for long costs the history of one that is not', async (throttled) => {
  const { flow, operation, input, done } = throttled;
  const { taskQueue, flows } = cluster;
  const eventsOf = async (replies: Reply[]) => {
    aws.script({
      GetImageSet: [imageSet],
      DescribeFHIRImportJob: [fhirImportReply('COMPLETED')],
      [operation]: replies,
    });
    const workflowId = `throttled-${flow}-${replies.length}`;
    const run = await flows.temporal.workflow.start(flow, { args: [input], taskQueue, workflowId });
    await run.result();
    expect(aws.callsOf(operation)).toHaveLength(replies.length);
    return (await run.fetchHistory()).events?.length;
  };
  expect(await eventsOf([busy, busy, busy, busy, busy, done])).toBe(await eventsOf([done]));
});

test('a change that was refused, and is cancelled while no worker lives, is not in doubt', async () => {
  aws.script({ GetImageSet: [imageSet], CopyImageSet: [{ ...busy, retryAfter: 60 }] });
  const { workflowId } = await cluster.flows.start('copyImageSet', { ...copyInput, force: true });
  const run = cluster.flows.temporal.workflow.getHandle(workflowId);
  while (aws.callsOf('CopyImageSet').length === 0) await pause(20);
  await cluster.withoutWorker(async () => {
    await pause(2_500);
    await run.cancel();
  });
  await expect(run.result()).rejects.toBeInstanceOf(WorkflowFailedError);
  expect((await run.describe()).memo).toEqual({});
  expect(aws.callsOf('CopyImageSet')).toHaveLength(1);
});

test('a read that AWS never answers is not repeated beyond its time, and fails as what it is', async () => {
  aws.script({ GetImageSet: ['hang'] });
  const failure = await failureOf(cluster.flows.execute('copyImageSet', { ...copyInput, polling }));
  expect(failure).toMatchObject({ type: 'TimeoutError', details: { step: 'getSourceImageSet' } });
  // Each takes 1.6 seconds, of a budget of four; it was once repeated for ten times the budget.
  expect(aws.callsOf('GetImageSet').length).toBeLessThan(6);
});

test('a change whose worker is killed meanwhile is sent again by the run, which knows that AWS may have applied it', async () => {
  const none = { ImportJobPropertiesList: [] };
  aws.script({
    StartFHIRImportJob: ['hang', started],
    ListFHIRImportJobs: [none],
    DescribeFHIRImportJob: [fhirImportReply('COMPLETED')],
  });
  const { workflowId } = await cluster.flows.start('startImportAndWaitCompleted', fhirInput);
  while (aws.callsOf('StartFHIRImportJob').length === 0) await pause(20);
  await cluster.withoutWorker(() => pause(100));
  const run = cluster.flows.temporal.workflow.getHandle(workflowId);
  await run.result();
  const { events } = await run.fetchHistory();
  const scheduled = events?.flatMap(
    ({ activityTaskScheduledEventAttributes: activity }) => activity?.activityType?.name ?? [],
  );
  expect(scheduled?.filter((name) => name === 'startFHIRImportJob')).toHaveLength(2);
});
