/** The behaviour of every run: its input is checked first, a second start is safe, each run has its own job, it can be cancelled. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import Long from 'long';
import { defineSearchAttributeKey } from '@temporalio/common';
import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { recordOf } from '../../src/lib/guards.ts';
import { awsEventSignal } from '../../src/workflows/run/aws-event.ts';
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
import { dicomJobReply, fhirImportReply, imageSetReply, now } from '../support/replies.ts';
import { error, startScriptedAws, type Call, type Reply, type ScriptedAws } from '../support/scripted-aws.ts';

let aws: ScriptedAws;
let cluster: Cluster;

withCluster(startScriptedAws, (...platform) => ([aws, cluster] = platform), {
  settings: { ACTIVITY_START_TO_CLOSE: '1s', CLIENT_TOKEN_LIFE: '3s' },
});

type HistoryEvent = NonNullable<Awaited<ReturnType<WorkflowHandle['fetchHistory']>>['events']>[number];

const job = fhirImportReply;
const started = { JobId: 'j1', JobStatus: 'SUBMITTED', DatastoreId: datastoreId };
const script = (...jobs: Reply[]) =>
  aws.script({ StartFHIRImportJob: [started], DescribeFHIRImportJob: jobs });
const tokens = () =>
  aws.callsOf('StartFHIRImportJob').map(({ body }) => (body as { ClientToken: string }).ClientToken);
/** Starts a run as the Temporal CLI does, without the check of `FlowClient`. */
const startRaw = (type: string, args: unknown[], more: object = {}) =>
  cluster.flows.temporal.workflow.start(type, {
    args,
    taskQueue: cluster.taskQueue,
    workflowId: `raw-${randomUUID()}`,
    ...more,
  });

/** Waits until the progress of a run satisfies a condition. */
async function until(handle: WorkflowHandle, says: (progress: Progress) => boolean) {
  for (;;) {
    const progress = await handle.query<Progress>('progress');
    if (says(progress)) return progress;
    await pause(20);
  }
}

describe('an invalid input', () => {
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
    '%s: several problems are one ValidationFailed without a value, and no call is made',
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

  test.each(inputs)('%s: an input that is not an object fails at once', async (flow) => {
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

  test('has only the check in the history', async () => {
    const handle = await startRaw('copyImageSet', [{}], { retry: { maximumAttempts: 5 } });
    await failureOf(handle.result());
    const { events } = await handle.fetchHistory();
    expect(events?.filter((event) => event.activityTaskScheduledEventAttributes)).toEqual([]);
    // A retry policy of the run does not retry an invalid input either.
    expect(events?.at(-1)?.workflowExecutionFailedEventAttributes?.newExecutionRunId).toBeFalsy();
  });
});

describe('starting', () => {
  test('the same input twice is one run while it is open, and a new run after it has closed', async () => {
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

  test('names the job after the flow and the run, in no more than 64 characters', async () => {
    script(job('COMPLETED'));
    const handle = await startRaw('startImportAndWaitCompleted', [fhirInput]);
    await handle.result();
    const { runId } = await handle.describe();
    expect(aws.bodyOf('StartFHIRImportJob')).toMatchObject({
      JobName: `start-import-and-wait-compl-${runId}`,
      ClientToken: `${runId}-startImportJob`,
    });
  });

  test('with a client token of the input derives the job name from it: the same token has the same name', async () => {
    script(job('COMPLETED'));
    const input = { ...fhirInput, ClientToken: 'nightly-2026-11-26' };
    await (await startRaw('startImportAndWaitCompleted', [input])).result();
    expect(aws.bodyOf('StartFHIRImportJob')).toMatchObject({
      JobName: 'start-import-and-wait-completed-nightly-2026-11-26',
    });
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

  describe('a run that is reset', () => {
    /** Resets a run to the workflow task that this event completes. */
    async function reset({ workflowId }: WorkflowHandle, finishEventId: Long) {
      const handle = cluster.flows.temporal.workflow.getHandle(workflowId);
      const { runId } = await handle.describe();
      await cluster.flows.temporal.workflowService.resetWorkflowExecution({
        namespace: 'default',
        workflowExecution: { workflowId, runId },
        reason: 'test',
        requestId: randomUUID(),
        workflowTaskFinishEventId: finishEventId,
      });
      return handle;
    }
    /** The completion of the last workflow task before an event, which is selected by its attributes. */
    async function taskBefore(handle: WorkflowHandle, isIt: (event: HistoryEvent) => boolean) {
      const { events = [] } = await handle.fetchHistory();
      const before = (events ?? []).slice(0, events?.findIndex(isIt));
      expect(before.length).toBeGreaterThan(0);
      const task = before.findLast((event) => event.workflowTaskCompletedEventAttributes);
      return Long.fromValue(task?.eventId ?? 0);
    }
    const summaryOf = ({ userMetadata }: HistoryEvent) => userMetadata?.summary?.data?.toString() ?? '';

    test('to its beginning starts a new job', async () => {
      script(job('COMPLETED'));
      const handle = await startRaw('startImportAndWaitCompleted', [fhirInput]);
      await handle.result();
      await (await reset(handle, Long.fromNumber(4))).result();
      expect(new Set(tokens()).size).toBe(2);
    });

    test.each([
      ['its wait starts no job', '"pollImportJob"', 1],
      ['its start sends the same token and name, for which AWS returns the same job', '"startImportJob"', 2],
    ])('to before %s', async (_, step, starts) => {
      const datastoreProperties = { datastoreId, datastoreName: 'store', datastoreStatus: 'ACTIVE' };
      aws.script({
        CreateDatastore: [{ datastoreId, datastoreStatus: 'CREATING' }],
        GetDatastore: [{ datastoreProperties }],
        StartDICOMImportJob: [{ datastoreId, jobId: 'j1', jobStatus: 'SUBMITTED' }],
        GetDICOMImportJob: [dicomJobReply('IN_PROGRESS'), dicomJobReply('COMPLETED')],
      });
      const input = { ...onboardInput, onFileErrors: 'ignore' };
      const handle = await startRaw('onboardDatastoreAndImport', [input]);
      await handle.result();
      const task = await taskBefore(handle, (event) => summaryOf(event) === step);
      expect(await (await reset(handle, task)).result()).toMatchObject({ jobId: 'j1' });
      expect(aws.callsOf('CreateDatastore')).toHaveLength(1);
      const sent = aws.callsOf('StartDICOMImportJob').map(({ body }) => JSON.stringify(body));
      expect(sent).toHaveLength(starts);
      expect(new Set(sent).size).toBe(1);
    });

    test('while a start is in doubt finds the job that was started before', async () => {
      let jobName: unknown;
      aws.script({
        StartFHIRImportJob: [
          ({ body }) => {
            jobName = recordOf(body)['JobName'];
            return 'drop';
          },
        ],
        ListFHIRImportJobs: [
          () => ({
            ImportJobPropertiesList: [{ ...job('IN_PROGRESS').ImportJobProperties, JobName: jobName }],
          }),
        ],
        DescribeFHIRImportJob: [job('COMPLETED')],
      });
      const handle = await startRaw('startImportAndWaitCompleted', [fhirInput]);
      while (tokens().length < 2) await pause(20);
      const task = await taskBefore(handle, (event) => summaryOf(event) === '"wait before startImportJob"');
      const again = await reset(handle, task);
      expect(await again.result()).toMatchObject({ jobId: 'j1' });
      expect(new Set(tokens()).size).toBe(1);
    });
  });
});

describe('an open run', () => {
  test('reports its progress, to the query and in the Web UI', async () => {
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

  test('can be searched for by its AWS ids', async () => {
    script(job('COMPLETED'));
    const handle = await startRaw('startImportAndWaitCompleted', [fhirInput]);
    await handle.result();
    const { typedSearchAttributes } = await handle.describe();
    expect(typedSearchAttributes.get(defineSearchAttributeKey('AwsJobId', 'KEYWORD'))).toBe('j1');
    expect(typedSearchAttributes.get(defineSearchAttributeKey('AwsDatastoreId', 'KEYWORD'))).toBe(
      datastoreId,
    );
  });

  test('does not read after an event of another job, or one that only reports progress', async () => {
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

  const completed = (ids: Record<string, string>) => ({
    id: randomUUID(),
    source: 'aws.healthlake',
    detailType: 'Import Job Completed',
    time: new Date().toISOString(),
    ids,
  });

  test('reads at once after the first event of the end, although its next read and its minimum interval are an hour away', async () => {
    script(job('IN_PROGRESS'), job('COMPLETED'));
    const polling = { minimumInterval: '1h', timeout: '2h' } as const;
    const handle = await startRaw('startImportAndWaitCompleted', [{ ...fhirInput, polling }]);
    await until(handle, ({ reads }) => reads === 1);
    await handle.signal(awsEventSignal, completed({ datastoreId, jobId: 'j1' }));
    expect(await handle.result()).toMatchObject({ jobStatus: 'COMPLETED' });
    expect(aws.callsOf('DescribeFHIRImportJob')).toHaveLength(2);
  });

  test('reads at most once per minimum interval after further events', async () => {
    script(job('IN_PROGRESS'), job('IN_PROGRESS'), job('COMPLETED'));
    const polling = { minimumInterval: '1h', timeout: '2h' } as const;
    const handle = await startRaw('startImportAndWaitCompleted', [{ ...fhirInput, polling }]);
    await until(handle, ({ reads }) => reads === 1);
    await handle.signal(awsEventSignal, completed({ jobId: 'j1' }));
    await until(handle, ({ reads }) => reads === 2);
    for (let times = 0; times < 5; times++) await handle.signal(awsEventSignal, completed({ jobId: 'j1' }));
    const { reads, nextReadAt } = await until(handle, () => true);
    expect(reads).toBe(2);
    expect(Date.parse(nextReadAt ?? '')).toBeGreaterThan(Date.now() + 3_000_000);
    await handle.terminate();
  });

  test('knows an event that arrived before the id of its job, among 25 of other jobs', async () => {
    let announce = () => {};
    const announced = new Promise<void>((resolve) => (announce = resolve));
    const late: Reply = {
      $stream: (response) => void announced.then(() => response.end(JSON.stringify(started))),
    };
    aws.script({
      StartFHIRImportJob: [late, started],
      DescribeFHIRImportJob: [job('IN_PROGRESS'), job('COMPLETED')],
    });
    const polling = { minimumInterval: '1h', timeout: '2h' } as const;
    const handle = await startRaw('startImportAndWaitCompleted', [{ ...fhirInput, polling }]);
    for (let other = 0; other < 25; other++) {
      await handle.signal(awsEventSignal, {
        ...completed({ jobId: `other${other}` }),
        detailType: 'Import Job Submitted',
      });
    }
    await handle.signal(awsEventSignal, completed({ jobId: 'j1' }));
    announce();
    expect(await handle.result()).toMatchObject({ jobStatus: 'COMPLETED' });
  });

  test.each([[[]], [[null]], [['x']], [[{}]], [[{ detailType: 7, ids: null }]]])(
    'ignores an invalid signal: %j',
    async (args) => {
      script(job('IN_PROGRESS'), job('IN_PROGRESS'), job('COMPLETED'));
      const handle = await startRaw('startImportAndWaitCompleted', [fhirInput]);
      await handle.signal('awsEvent', ...args);
      expect(await handle.result()).toMatchObject({ jobId: 'j1' });
    },
  );

  test('that is cancelled while a call is retried makes no further attempt, and says what is in doubt', async () => {
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

  test('that is cancelled says what is in doubt, though a later attempt was refused', async () => {
    aws.script({
      GetImageSet: [imageSetReply(destinationImageSetId)('1', 'ACTIVE')],
      CopyImageSet: ['drop', error('ThrottlingException', 429)],
    });
    const handle = await startRaw('copyImageSet', [copyInput]);
    while (aws.callsOf('CopyImageSet').length < 2) await pause(20);
    await handle.cancel();
    await expect(handle.result()).rejects.toBeInstanceOf(WorkflowFailedError);
    expect((await handle.describe()).memo).toEqual({ inDoubt: 'copyImageSet' });
  });

  test('that is cancelled after it has created a data store says how to delete that', async () => {
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

  test('that is cancelled closes as CANCELED, and its memo says what continues in AWS', async () => {
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

/** No reply to a start until the run has looked for what it has started. */
const onceLookedFor = (list: string, reply: object) => () =>
  aws.callsOf(list).length > 0 ? reply : error('InternalServerException', 500);

describe('a start whose token may have expired', () => {
  const busy: Reply = { $error: 'InternalServerException', status: 500 };
  const full = error('ServiceQuotaExceededException', 402);
  const listed = (JobName: unknown, SubmitTime = now()) => ({
    ImportJobPropertiesList: [{ ...job('IN_PROGRESS').ImportJobProperties, JobName, SubmitTime }],
  });
  /** The list of HealthLake, which filters by name. */
  const ours = ({ body }: Call) => listed(recordOf(body)['JobName'], 0);
  const none = { ImportJobPropertiesList: [] };

  test('finds and adopts its job by its own name, whatever the clock of AWS says', async () => {
    aws.script({
      StartFHIRImportJob: [busy],
      ListFHIRImportJobs: [ours],
      DescribeFHIRImportJob: [job('COMPLETED')],
    });
    const handle = await startRaw('startImportAndWaitCompleted', [fhirInput]);
    expect(await handle.result()).toMatchObject({ jobId: 'j1' });
    expect(aws.called().slice(tokens().length)).toEqual(['ListFHIRImportJobs', 'DescribeFHIRImportJob']);
  });

  test('finds it among any number of jobs, with one call in the history', async () => {
    const pages = 300;
    aws.script({
      StartFHIRImportJob: [busy],
      ListFHIRImportJobs: [
        ...Array.from({ length: pages }, (_, index) => ({ ...none, NextToken: `page-${index}` })),
        ours,
      ],
      DescribeFHIRImportJob: [job('COMPLETED')],
    });
    const handle = await startRaw('startImportAndWaitCompleted', [fhirInput]);
    expect(await handle.result()).toMatchObject({ jobId: 'j1' });
    expect(aws.callsOf('ListFHIRImportJobs')).toHaveLength(pages + 1);
    expect((await handle.fetchHistory()).events?.length).toBeLessThan(80);
  });

  test('starts again, with the same token, if no job has its name', async () => {
    aws.script({
      StartFHIRImportJob: [onceLookedFor('ListFHIRImportJobs', started)],
      ListFHIRImportJobs: [listed('start-import-and-wait-compl-another')],
      DescribeFHIRImportJob: [job('COMPLETED')],
    });
    const handle = await startRaw('startImportAndWaitCompleted', [fhirInput]);
    await handle.result();
    expect(new Set(tokens()).size).toBe(1);
  });

  test('continues for ten minutes on errors that an operator may be fixing', async () => {
    const expired: Reply = { $error: 'ExpiredTokenException', status: 403 };
    aws.script({
      StartFHIRImportJob: [expired, expired, started],
      DescribeFHIRImportJob: [job('COMPLETED')],
    });
    const handle = await startRaw('startImportAndWaitCompleted', [fhirInput]);
    expect(await handle.result()).toMatchObject({ jobId: 'j1' });
    expect(new Set(tokens()).size).toBe(1);
  });

  test.each([
    ['name', { JobName: 'mine' }],
    ['token', { ClientToken: 'mine' }],
  ])('neither adopts a job whose %s the user has chosen, nor starts a second one', async (_, chosen) => {
    aws.script({
      StartFHIRImportJob: [busy],
      ListFHIRImportJobs: [({ body }) => listed(recordOf(body)['JobName'], now() + 1)],
    });
    const handle = await startRaw('startImportAndWaitCompleted', [{ ...fhirInput, ...chosen }]);
    expect(await failureOf(handle.result())).toMatchObject({
      type: 'OutcomeUnknown',
      message: expect.stringContaining('j1'),
      details: { step: '+findJob' },
    });
  });

  test('starts again if the job with the name that the user has chosen is older than the run', async () => {
    aws.script({
      StartFHIRImportJob: [onceLookedFor('ListFHIRImportJobs', started)],
      ListFHIRImportJobs: [listed('mine', now() - 3600)],
      DescribeFHIRImportJob: [job('COMPLETED')],
    });
    const handle = await startRaw('startImportAndWaitCompleted', [{ ...fhirInput, JobName: 'mine' }]);
    expect(await handle.result()).toMatchObject({ jobId: 'j1' });
  });

  test('is not looked up if every reply was a refusal', async () => {
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
    ['cannot be read', error('AccessDeniedException', 403)],
  ])('stays in doubt though all later replies were refusals, if the list %s', async (_, list) => {
    aws.script({ StartFHIRImportJob: [busy, full], ListFHIRImportJobs: [list] });
    const handle = await startRaw('startImportAndWaitCompleted', [{ ...fhirInput, JobName: 'mine' }]);
    expect(await failureOf(handle.result())).toMatchObject({
      type: 'OutcomeUnknown',
      details: { step: '+findJob' },
    });
  });

  test('that is finally rejected is looked up once more, and fails as that step', async () => {
    aws.script({
      StartFHIRImportJob: ['drop', error('AccessDeniedException', 403)],
      ListFHIRImportJobs: [none],
    });
    const handle = await startRaw('startImportAndWaitCompleted', [fhirInput]);
    expect(await failureOf(handle.result())).toMatchObject({
      type: 'AccessDeniedException',
      details: { step: 'startImportJob' },
    });
    // The run searches at once, and again after the time in which the first request may still arrive.
    const search = 'ListFHIRImportJobs';
    expect(aws.called()).toEqual(['StartFHIRImportJob', 'StartFHIRImportJob', search, search]);
  });
});

describe('a creation whose token may have expired', () => {
  const busy: Reply = { $error: 'InternalServerException', status: 500 };
  const denied = error('AccessDeniedException', 403);
  const store = (status: string) => ({
    datastoreId,
    datastoreName: 'store',
    datastoreStatus: status,
    datastoreArn: `arn:aws:medical-imaging:us-east-1:123456789012:datastore/${datastoreId}`,
    createdAt: now(),
  });
  const created = { datastoreId, datastoreStatus: 'CREATING' };
  const markOf = (call: Call | undefined) =>
    recordOf(recordOf(call?.body)['tags'])['aws-health-workflows:run'];
  const list = () => ({ datastoreSummaries: [store('CREATING')] });
  const active = { datastoreProperties: store('ACTIVE') };
  const input = { datastoreName: 'store', polling: fhirInput.polling };
  const run = () => startRaw('provisionDatastore', [input]).then((handle) => handle.result());

  test('adopts the data store whose tag contains the mark of the run', async () => {
    aws.script({
      CreateDatastore: [busy],
      ListDatastores: [list],
      ListTagsForResource: [
        () => ({ tags: { 'aws-health-workflows:run': markOf(aws.callsOf('CreateDatastore')[0]) } }),
      ],
      GetDatastore: [active],
    });
    expect(await run()).toMatchObject({ datastoreId });
  });

  test('creates again if the data store of the same name belongs to another run', async () => {
    aws.script({
      CreateDatastore: [onceLookedFor('ListDatastores', created)],
      ListDatastores: [list],
      ListTagsForResource: [{ tags: { 'aws-health-workflows:run': 'another' } }],
      GetDatastore: [active],
    });
    expect(await run()).toMatchObject({ datastoreId });
  });

  test('is unknown if the tags of a data store of its name and age may not be read', async () => {
    aws.script({ CreateDatastore: [busy], ListDatastores: [list], ListTagsForResource: [denied] });
    expect(await failureOf(run())).toMatchObject({
      type: 'OutcomeUnknown',
      message: expect.stringContaining(datastoreId),
    });
  });

  test('is made without a tag if tagging is denied', async () => {
    aws.script({
      CreateDatastore: [(call) => (markOf(call) === undefined ? created : denied)],
      GetDatastore: [active],
    });
    expect(await run()).toMatchObject({ datastoreId });
  });
});

test('a run completes in a namespace without our search attributes', async () => {
  const bare = await startCluster(aws.endpoint, { namespace: 'bare' });
  try {
    script(job('COMPLETED'));
    expect(await bare.flows.execute('startImportAndWaitCompleted', fhirInput)).toMatchObject({ jobId: 'j1' });
  } finally {
    await bare.stop();
  }
});

describe('no text of an input', () => {
  test('is in ids, summaries, memo, search attributes or failure messages', async () => {
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
