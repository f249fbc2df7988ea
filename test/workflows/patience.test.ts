/** Runs while no worker is alive, and while AWS throttles them: neither makes them fail, and throttling adds no history events. */
import { setTimeout as pause } from 'node:timers/promises';
import { WorkflowFailedError } from '@temporalio/client';
import { until } from '../local-aws/harness.ts';
import { SHORT_CALLS, withCluster, type Cluster } from '../support/cluster.ts';
import { failureOf } from '../support/failure.ts';
import { copyInput, datastoreId, destinationImageSetId, fhirInput } from '../support/inputs.ts';
import { fhirImportReply, imageSetReply } from '../support/replies.ts';
import { error, startScriptedAws, type Reply, type ScriptedAws } from '../support/scripted-aws.ts';

const BUDGET_MS = 4_000;
const polling = { minimumInterval: 20, timeout: BUDGET_MS };

const started = { JobId: 'j1', JobStatus: 'SUBMITTED', DatastoreId: datastoreId };
/** The calls of all runs arrive together once there is a worker, so the services throttle them. */
const busy = error('ThrottlingException', 429);
const imageSet = imageSetReply(destinationImageSetId)('1', 'ACTIVE');
const copied = {
  datastoreId,
  destinationImageSetProperties: { imageSetId: destinationImageSetId, latestVersionId: '1' },
};

/** A copy with time left for an attempt after the `Retry-After` of a minute. Without it, the run would fail at once. */
const patientCopy = {
  ...copyInput,
  force: true,
  polling: { minimumInterval: '1s', timeout: '5 minutes' },
} as const;

let aws: ScriptedAws;
let cluster: Cluster;

withCluster(startScriptedAws, (...platform) => ([aws, cluster] = platform), {
  settings: { READ_BUDGET: `${BUDGET_MS}ms`, ...SHORT_CALLS },
});

/** Waits until the server has recorded that AWS refused a call. Before that, the death of the worker would leave it in doubt. */
const refusalOf = (workflowId: string) =>
  until(
    () => cluster.flows.whereabouts(workflowId),
    (progress) => progress?.lastError !== undefined,
  );

test('a start, a copy, a tag, a list and a poll that no worker was there for succeed once there is one', async () => {
  const jobs = { ListFHIRImportJobs: [{ ImportJobPropertiesList: [] }] };
  const images = { ListDICOMImportJobs: [{ jobSummaries: [] }], GetImageSet: [imageSet] };
  const unanswered: Record<string, Reply[]> = {
    StartFHIRImportJob: ['hang'],
    CopyImageSet: ['hang'],
    TagResource: ['hang'],
    ListDICOMImportJobs: ['hang'],
    // Its next attempt is due when there is no worker to pick it up.
    DescribeFHIRImportJob: [{ ...busy, retryAfter: 1 }],
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
  await refusalOf(runs[1].workflowId);

  await cluster.withoutWorker(async () => {
    await pause(BUDGET_MS + 1_000);
    aws.script({
      ...jobs,
      ...images,
      StartFHIRImportJob: [busy, started],
      DescribeFHIRImportJob: [fhirImportReply('COMPLETED')],
      CopyImageSet: [busy, copied],
      // This second lost reply ends the run if the time without a worker counts.
      TagResource: ['drop', {}],
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
] as const)(
  '$flow that is throttled for long has as many history events as one that is not',
  async (throttled) => {
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
  },
);

test('while AWS throttles a run, whereabouts shows the error and the attempt, and not the message of AWS', async () => {
  const refused = error('ThrottlingException', 429, 'patient 1234567');
  aws.script({
    GetImageSet: [imageSet],
    CopyImageSet: [refused, refused, { ...refused, retryAfter: 60 }],
  });
  const { flows } = cluster;
  const { workflowId } = await flows.start('copyImageSet', patientCopy);
  while (aws.callsOf('CopyImageSet').length < 3) await pause(20);
  await pause(500);
  expect(await flows.progress(workflowId)).not.toHaveProperty('lastError');
  const progress = await flows.whereabouts(workflowId);
  expect(progress).toMatchObject({
    step: 'copyImageSet',
    lastError: 'copyImageSet: ThrottlingException, attempt 4',
  });
  expect(JSON.stringify(progress)).not.toContain('1234567');
  await flows.cancel(workflowId);
  // Until it has ended, a start with the same input returns this run.
  await expect(flows.temporal.workflow.getHandle(workflowId).result()).rejects.toThrow(WorkflowFailedError);
});

test('a change that was refused, and is cancelled while no worker is alive, is not in doubt', async () => {
  aws.script({ GetImageSet: [imageSet], CopyImageSet: [{ ...busy, retryAfter: 60 }] });
  const { workflowId } = await cluster.flows.start('copyImageSet', { ...patientCopy, force: true });
  const run = cluster.flows.temporal.workflow.getHandle(workflowId);
  await refusalOf(workflowId);
  await cluster.withoutWorker(async () => {
    await pause(2_500);
    expect((await run.describe()).status.name).toBe('RUNNING');
    await run.cancel();
  });
  await expect(run.result()).rejects.toBeInstanceOf(WorkflowFailedError);
  expect((await run.describe()).memo).toEqual({});
  expect(aws.callsOf('CopyImageSet')).toHaveLength(1);
});

test('a read without a reply is not retried beyond its time budget, and fails as a time-out', async () => {
  aws.script({ GetImageSet: ['hang'] });
  const failure = await failureOf(cluster.flows.execute('copyImageSet', { ...copyInput, polling }));
  expect(failure).toMatchObject({ type: 'TimeoutError', details: { step: 'getSourceImageSet' } });
  // Each attempt takes 1.6 seconds of a budget of four.
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
  const starts = scheduled?.filter((name) => name === 'startFHIRImportJob') ?? [];
  expect(starts.length).toBeGreaterThan(1);
});
