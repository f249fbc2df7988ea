/** What holds for every run: checked before it begins, safe to start twice, a job of its own each time, cancellable. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import Long from 'long';
import { defineSearchAttributeKey } from '@temporalio/common';
import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { awsEventSignal } from '../../src/workflows/run/flow.ts';
import type { Progress } from '../../src/workflows/run/progress.ts';
import { startCluster, withCluster, type Cluster } from '../support/cluster.ts';
import { failureOf } from '../support/failure.ts';
import {
  copyInput,
  datastoreId,
  destinationImageSetId,
  fhirInput,
  onboardInput,
  untyped,
} from '../support/inputs.ts';
import { fhirImportReply, imageSetReply, now } from '../support/replies.ts';
import { error, startScriptedAws, type Reply, type ScriptedAws } from '../support/scripted-aws.ts';

let aws: ScriptedAws;
let cluster: Cluster;

withCluster(startScriptedAws, (...platform) => ([aws, cluster] = platform));

const job = fhirImportReply;
const started = { JobId: 'j1', JobStatus: 'SUBMITTED', DatastoreId: datastoreId };
const script = (...jobs: Reply[]) =>
  aws.script({ StartFHIRImportJob: [started], DescribeFHIRImportJob: jobs });
const tokens = () =>
  aws.callsOf('StartFHIRImportJob').map(({ body }) => (body as { ClientToken: string }).ClientToken);
/** Starts a run as the Temporal CLI does, past the client's own check. */
const startRaw = (type: string, args: unknown[], more: object = {}) =>
  cluster.flows.temporal.workflow.start(type, {
    args,
    taskQueue: cluster.taskQueue,
    workflowId: `raw-${randomUUID()}`,
    ...more,
  });

/** Waits until a run tells something of itself. */
async function until(handle: WorkflowHandle, says: (progress: Progress) => boolean) {
  for (;;) {
    const progress = await handle.query<Progress>('progress');
    if (says(progress)) return progress;
    await pause(20);
  }
}

describe('a bad input', () => {
  const secret = 'DOE^JANE';
  const inputs: [
    flow: 'copyImageSet' | 'onboardDatastoreAndImport' | 'startImportAndWaitCompleted',
    good: object,
    required: string,
  ][] = [
    ['copyImageSet', copyInput, 'datastoreId'],
    ['onboardDatastoreAndImport', onboardInput, 'inputS3Uri'],
    ['startImportAndWaitCompleted', fhirInput, 'DataAccessRoleArn'],
  ];

  test.each(inputs)(
    '%s: several problems are one ValidationFailed without a value, and no call',
    async (flow, good, required) => {
      script();
      const bad = { ...good, [required]: undefined, froce: secret, polling: { share: secret } };
      for (const run of [
        cluster.flows.execute(flow, untyped(bad)),
        startRaw(flow, [bad]).then((handle) => handle.result()),
      ]) {
        const { type, message } = await failureOf(run);
        expect(type).toBe('ValidationFailed');
        for (const name of [required, 'froce', 'polling.share']) expect(message).toContain(name);
        expect(message).not.toContain(secret);
      }
      expect(aws.calls).toEqual([]);
    },
  );

  test.each(inputs)('%s: what is not an object fails at once', async (flow) => {
    script();
    for (const args of [[], ['text'], [[]], [null]]) {
      const handle = await startRaw(flow, args);
      expect(await failureOf(handle.result())).toMatchObject({
        type: 'ValidationFailed',
        message: expect.stringContaining('must be object'),
        details: { step: 'checkInput' },
      });
    }
    expect(aws.calls).toEqual([]);
  });

  test('leaves no more than the check in the history', async () => {
    const handle = await startRaw('copyImageSet', [{}], { retry: { maximumAttempts: 5 } });
    await failureOf(handle.result());
    const { events } = await handle.fetchHistory();
    expect(events?.filter((event) => event.activityTaskScheduledEventAttributes)).toEqual([]);
    // Not even a retry policy of the run tries a bad input again.
    expect(events?.at(-1)?.workflowExecutionFailedEventAttributes?.newExecutionRunId).toBeFalsy();
  });
});

describe('starting', () => {
  test('the same input twice while it runs is one run; once it has closed, a new one', async () => {
    script(job('IN_PROGRESS'), job('IN_PROGRESS'), job('IN_PROGRESS'), job('IN_PROGRESS'), job('COMPLETED'));
    const reordered = Object.fromEntries(Object.entries(fhirInput).toReversed()) as typeof fhirInput;
    const first = await cluster.flows.start('startImportAndWaitCompleted', fhirInput);
    const second = await cluster.flows.start('startImportAndWaitCompleted', reordered);
    expect(second.workflowId).toMatch(/^start-import-and-wait-completed-[0-9a-f]{16}$/);
    expect(second.workflowId).toBe(first.workflowId);
    await Promise.all([first.result(), second.result()]);
    expect(tokens()).toHaveLength(1);

    await cluster.flows.execute('startImportAndWaitCompleted', fhirInput);
    expect(new Set(tokens()).size).toBe(2);
  });

  test('with a workflow id that is no job name, names the job after the run', async () => {
    script(job('COMPLETED'));
    const workflowId = `nightly-${randomUUID()}-2026-11-21T02:00:00Z`;
    const handle = await startRaw('startImportAndWaitCompleted', [fhirInput], { workflowId });
    await handle.result();
    const { runId } = await handle.describe();
    expect(aws.bodyOf('StartFHIRImportJob')).toMatchObject({ JobName: `ahw-${runId}` });
  });

  test('a retry of the run starts a new job', async () => {
    script(job('FAILED'), job('COMPLETED'));
    const handle = await startRaw('startImportAndWaitCompleted', [fhirInput], {
      retry: { maximumAttempts: 2 },
    });
    await handle.result();
    expect(new Set(tokens()).size).toBe(2);
  });

  test('each firing of a cron starts a new job', async () => {
    script(job('COMPLETED'));
    const handle = await startRaw('startImportAndWaitCompleted', [fhirInput], { cronSchedule: '@every 1s' });
    while (new Set(tokens()).size < 2) await pause(50);
    await handle.terminate();
  });

  test('a reset of the run to its beginning starts a new job', async () => {
    script(job('COMPLETED'));
    const handle = await startRaw('startImportAndWaitCompleted', [fhirInput]);
    await handle.result();
    const { runId } = await handle.describe();
    const { workflowService } = cluster.flows.temporal;
    await workflowService.resetWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId: handle.workflowId, runId },
      reason: 'test',
      requestId: randomUUID(),
      // The end of the first workflow task.
      workflowTaskFinishEventId: Long.fromNumber(4),
    });
    await cluster.flows.temporal.workflow.getHandle(handle.workflowId).result();
    expect(new Set(tokens()).size).toBe(2);
  });
});

describe('a run that goes on', () => {
  test('says where it stands, to the query and in the Web UI', async () => {
    script(job('IN_PROGRESS'));
    const handle = await startRaw('startImportAndWaitCompleted', [
      { ...fhirInput, polling: { minimumInterval: '1h' } },
    ]);
    const progress = await until(handle, ({ reads }) => reads === 1);
    expect(progress).toMatchObject({
      step: 'pollImportJob',
      status: 'IN_PROGRESS',
      ids: { datastoreId, jobId: 'j1' },
      reads: 1,
      nextReadAt: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    const { currentDetails } = await handle.query<{ currentDetails: string }>('__temporal_workflow_metadata');
    expect(currentDetails).toContain('**pollImportJob** · IN_PROGRESS');
    await handle.terminate();
  });

  test('can be searched for by the ids of AWS', async () => {
    script(job('COMPLETED'));
    const handle = await startRaw('startImportAndWaitCompleted', [fhirInput]);
    await handle.result();
    const { typedSearchAttributes } = await handle.describe();
    expect(typedSearchAttributes.get(defineSearchAttributeKey('AwsJobId', 'KEYWORD'))).toBe('j1');
    expect(typedSearchAttributes.get(defineSearchAttributeKey('AwsDatastoreId', 'KEYWORD'))).toBe(
      datastoreId,
    );
  });

  test('does not look for an event of another job, nor for one that only tells of progress', async () => {
    script(job('IN_PROGRESS'), job('COMPLETED'));
    const handle = await startRaw('startImportAndWaitCompleted', [
      { ...fhirInput, polling: { minimumInterval: '1h' } },
    ]);
    await until(handle, ({ reads }) => reads === 1);
    const event = (detailType: string, jobId: string) =>
      handle.signal(awsEventSignal, {
        id: randomUUID(),
        source: 'aws.healthlake',
        detailType,
        time: new Date().toISOString(),
        ids: { jobId },
      });
    await event('Import Job Completed', 'another');
    await handle.signal(awsEventSignal, {
      id: randomUUID(),
      source: 'aws.medical-imaging',
      detailType: 'Image Set Created',
      time: new Date().toISOString(),
      ids: { datastoreId, imagesetId: 'a'.repeat(32) },
    });
    await event('Import Job In Progress', 'j1');
    await until(handle, ({ status }) => status === 'Import Job In Progress');
    expect((await until(handle, () => true)).reads).toBe(1);
    const { events } = await handle.fetchHistory();
    expect(events?.filter((entry) => entry.timerCanceledEventAttributes)).toEqual([]);
    await handle.terminate();
  });

  test('a terminal event leads to a read; five of them to no more than one each minimum interval', async () => {
    const going = Array.from({ length: 6 }, () => job('IN_PROGRESS'));
    script(...going, job('COMPLETED'));
    const polling = { minimumInterval: 50, maximumInterval: '1h', share: 1, timeout: '2h' };
    const handle = await startRaw('startImportAndWaitCompleted', [{ ...fhirInput, polling }]);
    await until(handle, ({ reads }) => reads === 6);
    const event = {
      id: 'same',
      source: 'aws.healthlake',
      detailType: 'Import Job Completed',
      time: new Date().toISOString(),
      ids: { jobId: 'j1' },
    };
    await Promise.all([1, 2, 3, 4, 5].map(() => handle.signal(awsEventSignal, event).catch(() => undefined)));
    await handle.result();
    expect(aws.callsOf('DescribeFHIRImportJob')).toHaveLength(7);
    const { events } = await handle.fetchHistory();
    expect(events?.filter((entry) => entry.timerCanceledEventAttributes)).toHaveLength(1);
  });

  test.each([[[]], [[null]], [['x']], [[{}]], [[{ detailType: 7, ids: null }]]])(
    'passes over a signal that makes no sense: %j',
    async (args) => {
      script(job('IN_PROGRESS'), job('IN_PROGRESS'), job('COMPLETED'));
      const handle = await startRaw('startImportAndWaitCompleted', [fhirInput]);
      await handle.signal('awsEvent', ...args);
      expect(await handle.result()).toMatchObject({ jobId: 'j1' });
    },
  );

  test('that is cancelled while a call is tried again makes no further attempt, and says what is in doubt', async () => {
    aws.script({ StartFHIRImportJob: [{ $error: 'InternalServerException', status: 500 }] });
    const handle = await startRaw('startImportAndWaitCompleted', [fhirInput]);
    while (tokens().length < 2) await pause(20);
    await handle.cancel();
    await expect(handle.result()).rejects.toBeInstanceOf(WorkflowFailedError);
    const { status, memo } = await handle.describe();
    expect(status.name).toBe('CANCELLED');
    expect(memo).toEqual({ inDoubt: 'startImportJob' });
    expect(tokens().length).toBeLessThan(4);
  });

  test('that is cancelled says what is in doubt, though what it has sent since was refused', async () => {
    aws.script({
      GetImageSet: [imageSetReply(destinationImageSetId)('1', 'ACTIVE')],
      CopyImageSet: ['drop', error('ThrottlingException', 429)],
    });
    const handle = await startRaw('copyImageSet', [copyInput]);
    while (aws.callsOf('CopyImageSet').length < 2) await pause(20);
    await until(handle, ({ lastError = '' }) => lastError.includes('Throttling'));
    await handle.cancel();
    await expect(handle.result()).rejects.toBeInstanceOf(WorkflowFailedError);
    expect((await handle.describe()).memo).toEqual({ inDoubt: 'copyImageSet' });
  });

  test('that is cancelled after it has made a data store says how that is removed', async () => {
    const datastoreProperties = { datastoreId, datastoreName: 'store', datastoreStatus: 'CREATING' };
    aws.script({
      CreateDatastore: [{ datastoreId, datastoreStatus: 'CREATING' }],
      GetDatastore: [{ datastoreProperties }],
    });
    const handle = await startRaw('onboardDatastoreAndImport', [onboardInput]);
    await until(handle, ({ reads }) => reads > 0);
    await handle.cancel();
    await expect(handle.result()).rejects.toBeInstanceOf(WorkflowFailedError);
    expect((await handle.describe()).memo).toMatchObject({
      awsDatastoreId: datastoreId,
      stillRunning: true,
      left: [{ remove: `aws medical-imaging delete-datastore --datastore-id ${datastoreId}` }],
    });
  });

  test('that is cancelled ends CANCELED, and its memo says what goes on inside AWS', async () => {
    script(job('IN_PROGRESS'));
    const handle = await startRaw('startImportAndWaitCompleted', [
      { ...fhirInput, polling: { minimumInterval: '1h' } },
    ]);
    await until(handle, ({ reads }) => reads === 1);
    await handle.cancel();
    await expect(handle.result()).rejects.toBeInstanceOf(WorkflowFailedError);
    const { status, memo } = await handle.describe();
    expect(status.name).toBe('CANCELLED');
    expect(memo).toEqual({ awsJobId: 'j1', stillRunning: true });
  });
});

describe('a start whose token may be forgotten', () => {
  const busy: Reply = { $error: 'InternalServerException', status: 500 };
  const full = error('ServiceQuotaExceededException', 402);
  const listed = (JobName: string, SubmitTime = now()) => ({
    ImportJobPropertiesList: [{ ...job('IN_PROGRESS').ImportJobProperties, JobName, SubmitTime }],
  });

  test('looks for its job by its own name, and takes it', async () => {
    const workflowId = `adopt-${randomUUID()}`;
    aws.script({
      StartFHIRImportJob: [busy],
      ListFHIRImportJobs: [listed(workflowId, now() + 1)],
      DescribeFHIRImportJob: [job('COMPLETED')],
    });
    const handle = await startRaw('startImportAndWaitCompleted', [fhirInput], { workflowId });
    expect(await handle.result()).toMatchObject({ jobId: 'j1' });
    expect(aws.called().slice(tokens().length)).toEqual(['ListFHIRImportJobs', 'DescribeFHIRImportJob']);
  });

  test('starts again, with the same token, where there is none but an older one', async () => {
    const workflowId = `adopt-${randomUUID()}`;
    aws.script({
      StartFHIRImportJob: [busy, busy, busy, started],
      ListFHIRImportJobs: [listed(workflowId, now() - 3600)],
      DescribeFHIRImportJob: [job('COMPLETED')],
    });
    const handle = await startRaw('startImportAndWaitCompleted', [fhirInput], { workflowId });
    await handle.result();
    expect(tokens()).toHaveLength(4);
    expect(new Set(tokens()).size).toBe(1);
  });

  test('goes on for ten minutes on what somebody may be mending just now', async () => {
    const expired: Reply = { $error: 'ExpiredTokenException', status: 403 };
    aws.script({
      StartFHIRImportJob: [expired, expired, started],
      ListFHIRImportJobs: [{ ImportJobPropertiesList: [] }],
      DescribeFHIRImportJob: [job('COMPLETED')],
    });
    const handle = await startRaw('startImportAndWaitCompleted', [fhirInput]);
    expect(await handle.result()).toMatchObject({ jobId: 'j1' });
    expect(new Set(tokens()).size).toBe(1);
  });

  test('does not take a job for its own whose name the user chose, nor start a second one beside it', async () => {
    aws.script({ StartFHIRImportJob: [busy], ListFHIRImportJobs: [listed('mine', now() + 1)] });
    const handle = await startRaw('startImportAndWaitCompleted', [{ ...fhirInput, JobName: 'mine' }]);
    expect(await failureOf(handle.result())).toMatchObject({
      type: 'OutcomeUnknown',
      message: expect.stringContaining('j1'),
      details: { step: '+findJob' },
    });
  });

  test('is not looked for where every answer was a refusal', async () => {
    aws.script({
      StartFHIRImportJob: [full, full, full, started],
      ListFHIRImportJobs: [listed('mine', now() + 1)],
      DescribeFHIRImportJob: [job('COMPLETED')],
    });
    const handle = await startRaw('startImportAndWaitCompleted', [{ ...fhirInput, JobName: 'mine' }]);
    expect(await handle.result()).toMatchObject({ jobId: 'j1' });
    expect(aws.callsOf('ListFHIRImportJobs')).toEqual([]);
  });

  test.each([
    ['shows one that may be ours', listed('mine', now() + 3600)],
    ['may not be read', error('AccessDeniedException', 403)],
  ])('stays in doubt though all later answers were refusals, where the list %s', async (_, list) => {
    aws.script({ StartFHIRImportJob: [busy, full], ListFHIRImportJobs: [list] });
    const handle = await startRaw('startImportAndWaitCompleted', [{ ...fhirInput, JobName: 'mine' }]);
    expect(await failureOf(handle.result())).toMatchObject({
      type: 'OutcomeUnknown',
      details: { step: '+findJob' },
    });
  });

  test('that is rejected after all is looked for once more, and fails as that step', async () => {
    aws.script({
      StartFHIRImportJob: ['drop', error('AccessDeniedException', 403)],
      ListFHIRImportJobs: [{ ImportJobPropertiesList: [] }],
    });
    const handle = await startRaw('startImportAndWaitCompleted', [fhirInput]);
    expect(await failureOf(handle.result())).toMatchObject({
      type: 'AccessDeniedException',
      details: { step: 'startImportJob' },
    });
    expect(aws.called().at(-1)).toBe('ListFHIRImportJobs');
  });

  test('is not said to have made nothing where there are more jobs than can be listed', async () => {
    aws.script({
      StartFHIRImportJob: [busy],
      ListFHIRImportJobs: [{ ImportJobPropertiesList: [], NextToken: 'more' }],
    });
    const handle = await startRaw('startImportAndWaitCompleted', [fhirInput]);
    expect(await failureOf(handle.result())).toMatchObject({
      type: 'OutcomeUnknown',
      message: expect.stringContaining('more jobs than can be listed'),
    });
  });

  test('takes a job of its own name that came just before it for doubtful: clocks differ', async () => {
    const workflowId = `adopt-${randomUUID()}`;
    aws.script({ StartFHIRImportJob: [busy], ListFHIRImportJobs: [listed(workflowId, now() - 20)] });
    const handle = await startRaw('startImportAndWaitCompleted', [fhirInput], { workflowId });
    expect(await failureOf(handle.result())).toMatchObject({ type: 'OutcomeUnknown' });
  });

  test('of a data store likewise', async () => {
    const datastoreSummaries = [
      { datastoreId, datastoreName: 'store', datastoreStatus: 'CREATING', createdAt: now() + 1 },
    ];
    aws.script({ CreateDatastore: [busy], ListDatastores: [{ datastoreSummaries }] });
    const handle = await startRaw('onboardDatastoreAndImport', [onboardInput]);
    expect(await failureOf(handle.result())).toMatchObject({
      type: 'OutcomeUnknown',
      message: expect.stringContaining(datastoreId),
    });
  });
});

test('a namespace without our search attributes is no obstacle', async () => {
  const bare = await startCluster(aws.endpoint, { namespace: 'bare' });
  try {
    script(job('COMPLETED'));
    expect(await bare.flows.execute('startImportAndWaitCompleted', fhirInput)).toMatchObject({ jobId: 'j1' });
  } finally {
    await bare.stop();
  }
});

describe('no text of an input', () => {
  test('stands in ids, summaries, memo, search attributes or failure messages', async () => {
    const secret = 'DOE-JANE-1970';
    const message = `Value '${secret}' at 'jobName' failed to satisfy constraint`;
    aws.script({ StartFHIRImportJob: [{ $error: 'ValidationException', status: 400, message }] });
    const input = { ...fhirInput, InputS3Uri: `s3://bucket/${secret}/`, JobName: secret };
    const handle = await cluster.flows.start('startImportAndWaitCompleted', input);
    const { type, message: shownMessage } = await failureOf(handle.result());
    expect(type).toBe('ValidationException');
    const description = await handle.describe();
    const { events } = await handle.fetchHistory();
    const summaries = events?.map((event) => event.userMetadata?.summary?.data?.toString());
    const shown = {
      shownMessage,
      id: handle.workflowId,
      memo: description.memo,
      summaries,
      search: description.searchAttributes,
    };
    expect(JSON.stringify(shown)).not.toContain(secret);
  });
});
