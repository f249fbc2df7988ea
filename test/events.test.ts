/** The consumer of EventBridge events: which runs it signals, and what becomes of every message of the queue. */
import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import type { EventFault } from '../local-aws/faults.ts';
import { EventConsumer } from '../src/events/consumer.ts';
import { EventQueue } from '../src/events/event-queue.ts';
import { RunFinder } from '../src/events/run-finder.ts';
import type { Outcome } from '../src/events/counters.ts';
import { OUR_SEARCH_ATTRIBUTES, OUR_SEARCH_ATTRIBUTE_NAMES } from '../src/lib/search-attributes.ts';
import type { Progress } from '../src/workflows/run/progress.ts';
import { p10, putFiles, until } from './local-aws/harness.ts';
import { fhirImportOf, roleArn } from './support/inputs.ts';
import { startStage, type Stage } from './support/stage.ts';

let stage: Stage;
let datastoreId: string;
let queueUrl: string;
let deadLettersUrl: string;
let made = 0;

beforeAll(async () => {
  stage = await startStage();
  ({ datastoreId } = stage);
  await putFiles(stage.aws.data, 'events', { 'in/1.dcm': p10({ series: '1.2.9', instance: '1.2.9.1' }) });
});
afterAll(() => stage.stop());

beforeEach(async () => {
  const { sqs, control } = stage.aws;
  const name = `events-${++made}`;
  const { QueueUrl: dead = '' } = await sqs.createQueue({ QueueName: `${name}-dead` });
  const RedrivePolicy = JSON.stringify({
    deadLetterTargetArn: `arn:aws:sqs:us-east-1:123456789012:${name}-dead`,
    maxReceiveCount: 5,
  });
  const Attributes = { RedrivePolicy, VisibilityTimeout: '2' };
  const { QueueUrl = '' } = await sqs.createQueue({ QueueName: name, Attributes });
  [queueUrl, deadLettersUrl] = [QueueUrl, dead];
  await control.settings({ dicomImportMs: 'never' });
});
afterEach(() => stage.aws.control.resetFaults());

/** Only an event can end a wait with this polling within the test. */
const hourly = { minimumInterval: '1h', timeout: '2h' };

const dicomImport = () => ({
  datastoreId,
  dataAccessRoleArn: roleArn,
  inputS3Uri: 's3://events/in/',
  outputS3Uri: 's3://events/out/',
});

/** Starts a run. Returns when it has read its job once. */
async function start(flow: string, input: object): Promise<WorkflowHandle> {
  const run = await stage.cluster.flows.temporal.workflow.start(flow, {
    args: [input],
    taskQueue: stage.cluster.taskQueue,
    workflowId: `${flow}-${randomUUID()}`,
  });
  await until(
    () => run.query<Progress>('progress'),
    ({ reads }) => reads > 0,
  );
  return run;
}

async function importing(): Promise<{ run: WorkflowHandle; jobId: string; jobName: string }> {
  const run = await start('importDicomAndSearch', { ...dicomImport(), polling: hourly });
  const { ids } = await run.query<Progress>('progress');
  const { jobId = '' } = ids;
  const { jobProperties } = await stage.aws.imaging.getDICOMImportJob({ datastoreId, jobId });
  return { run, jobId, jobName: jobProperties?.jobName ?? '' };
}

/** Ends a job. Returns when AWS says so: it still reads files and writes the output when the control has answered. */
async function end(jobId: string): Promise<void> {
  await stage.aws.control.settle({ kind: 'dicomImportJob', id: jobId });
  await until(
    () => stage.aws.imaging.getDICOMImportJob({ datastoreId, jobId }),
    ({ jobProperties }) => jobProperties?.jobStatus === 'COMPLETED',
  );
}

const event = (detailType: string, detail: object, more: object = {}) => ({
  version: '0',
  id: randomUUID(),
  'detail-type': detailType,
  source: 'aws.medical-imaging',
  account: '123456789012',
  time: new Date().toISOString(),
  region: 'us-east-1',
  resources: [`arn:aws:medical-imaging:us-east-1:123456789012:datastore/${datastoreId}`],
  detail: { imagingVersion: '1.0', datastoreId, ...detail },
  ...more,
});

const send = async (...bodies: (object | string)[]) => {
  for (const body of bodies) {
    const MessageBody = typeof body === 'string' ? body : JSON.stringify(body);
    await stage.aws.sqs.sendMessage({ QueueUrl: queueUrl, MessageBody });
  }
};

function newConsumer(attributes: readonly string[] = OUR_SEARCH_ATTRIBUTE_NAMES) {
  const { temporal } = stage.cluster.flows;
  const notices: string[] = [];
  const consumer = new EventConsumer({
    temporal,
    queue: new EventQueue(stage.aws.sqs, queueUrl),
    finder: new RunFinder(temporal, stage.aws.healthlake, {
      attributes: new Set(attributes),
      lookUpsPerSecond: 100,
    }),
    notice: (line) => notices.push(line),
  });
  const stop = new AbortController();
  const running = consumer.run(stop.signal);
  return {
    notices,
    counters: consumer.counters,
    /** Waits until so many messages have had an outcome, and ends the consumer. */
    after: async (outcomes: Partial<Record<Outcome, number>>) => {
      await until(
        async () => consumer.counters.report().outcomes,
        (counts) => Object.entries(outcomes).every(([name, count]) => counts[name as Outcome] === count),
      );
      stop.abort();
      await running;
    },
  };
}

const depth = async (url: string) => {
  const { waiting, inFlight } = await new EventQueue(stage.aws.sqs, url).depth();
  return waiting + inFlight;
};

test('an event of the end makes the run read at once, and the message is deleted', async () => {
  const { run, jobId, jobName } = await importing();
  await end(jobId);
  await send(event('Import Job Completed', { jobId, jobName, jobStatus: 'COMPLETED' }));
  const consumer = newConsumer([]);
  expect(await run.result()).toMatchObject({ jobStatus: 'COMPLETED', outcome: 'complete' });
  await consumer.after({ signalled: 1 });
  expect(await depth(queueUrl)).toBe(0);
  // The consumer asks the run how it has seen the end.
  expect(consumer.counters.report().ends).toMatchObject({ asked: 1, byEvent: 1 });
});

test('early, repeated, reordered and foreign events change nothing but the time of the reads', async () => {
  const [{ run, jobId, jobName }, other] = await Promise.all([importing(), importing()]);
  const completed = event('Import Job Completed', { jobId, jobName });
  await send(
    completed, // Before the end: the run reads, and the job goes on.
    completed,
    event('Import Job Submitted', { jobId, jobName }),
    event('Import Job Completed', { jobId: 'another', jobName: 'made-by-hand' }),
    event('Instance Terminated', {}, { source: 'aws.ec2' }),
    event('Image Set Created', { imagesetId: 'a'.repeat(32) }),
  );
  await newConsumer([]).after({ signalled: 2, duplicate: 1, unsearchable: 1, foreign: 1, 'not awaited': 1 });
  expect((await run.query<Progress>('progress')).ids['jobId']).toBe(jobId);
  await until(
    () => run.query<Progress>('progress'),
    ({ reads }) => reads === 2,
  );
  await end(jobId);
  await end(other.jobId);
  await send(event('Import Job Completed', { jobId: other.jobId, jobName: other.jobName }));
  await newConsumer([]).after({ signalled: 1 });
  expect(await other.run.result()).toMatchObject({ outcome: 'complete' });
  await run.terminate();
});

test('messages that are no events go to the dead-letter queue at once, and the next is dealt with', async () => {
  const noDetail = '{"id":"1","source":"aws.healthlake","detail-type":"x","time":"t"}';
  const malformed = ['no JSON', '[]', '{}', noDetail];
  const { run, jobId, jobName } = await importing();
  await end(jobId);
  await send(...malformed, event('Import Job Completed', { jobId, jobName }));
  await newConsumer().after({ malformed: malformed.length, signalled: 1 });
  await run.result();
  const { Messages = [] } = await stage.aws.sqs.receiveMessage({
    QueueUrl: deadLettersUrl,
    MaxNumberOfMessages: 10,
  });
  expect(new Set(Messages.map(({ Body }) => Body))).toEqual(new Set(malformed));
  expect(await depth(queueUrl)).toBe(0);
});

test('an id that would change the query for runs is no id', async () => {
  await send(event('Import Job Completed', { jobId: "a' OR WorkflowType != 'b" }));
  await newConsumer().after({ malformed: 1 });
});

test('an event of a run that is not there yet comes again, and signals the run when it is', async () => {
  const { run, jobId, jobName } = await importing();
  await end(jobId);
  // Temporal's visibility lags: the first look-up finds nothing.
  const { workflowService } = stage.cluster.flows.temporal;
  const list = workflowService.listWorkflowExecutions;
  let asked = 0;
  Object.assign(workflowService, {
    listWorkflowExecutions: async (...request: Parameters<typeof list>) => {
      const reply = await list.apply(workflowService, request);
      return asked++ === 0 ? { executions: [], nextPageToken: reply.nextPageToken } : reply;
    },
  });
  try {
    await send(event('Import Job Completed', { jobId, jobName }));
    await newConsumer([]).after({ later: 1, signalled: 1 });
  } finally {
    // The method is the object's own: without it, the following tests would look for runs in vain.
    Object.assign(workflowService, { listWorkflowExecutions: list });
  }
  expect(await run.result()).toMatchObject({ outcome: 'complete' });
});

test('two consumers of one queue deal with each message once or twice, and leave none', async () => {
  const runs = await Promise.all([importing(), importing(), importing()]);
  for (const { jobId } of runs) await end(jobId);
  const bodies = runs.map(({ jobId, jobName }) => event('Import Job Completed', { jobId, jobName }));
  const consumers = [newConsumer([]), newConsumer([])];
  await send(...bodies);
  for (const { run } of runs) expect(await run.result()).toMatchObject({ outcome: 'complete' });
  await until(
    () => depth(queueUrl),
    (left) => left === 0,
  );
  await Promise.all(consumers.map((consumer) => consumer.after({})));
});

test('a consumer that is killed between signal and deletion leaves the message, and the second signal does no harm', async () => {
  const { run, jobId, jobName } = await importing();
  await end(jobId);
  await send(event('Import Job Completed', { jobId, jobName }));
  // The deletion gets no answer, as if the process had been killed before it.
  await stage.aws.control.failNext({
    operation: 'DeleteMessageBatch',
    error: 'ServiceUnavailable',
    count: 1,
  });
  await newConsumer([]).after({ signalled: 1 });
  expect(await run.result()).toMatchObject({ outcome: 'complete' });
  expect(await depth(queueUrl)).toBe(1);
  await newConsumer([]).after({ 'run closed': 1 });
  expect(await depth(queueUrl)).toBe(0);
});

test('a deletion that SQS reports as failed is sent again', async () => {
  const { run, jobId, jobName } = await importing();
  await end(jobId);
  const [sent, failed] = [stage.aws.sqs.send.bind(stage.aws.sqs), { Failed: [{ Id: '0' }] }];
  let deletions = 0;
  stage.aws.sqs.send = ((command: object, ...more: never[]) =>
    command.constructor.name === 'DeleteMessageBatchCommand' && deletions++ === 0
      ? Promise.resolve(failed)
      : sent(command as never, ...more)) as typeof sent;
  try {
    await send(event('Import Job Completed', { jobId, jobName }));
    await newConsumer([]).after({ signalled: 1 });
  } finally {
    Reflect.deleteProperty(stage.aws.sqs, 'send');
  }
  await run.result();
  expect(deletions).toBe(2);
  expect(await depth(queueUrl)).toBe(0);
});

test('events of image sets and data stores find their runs by search attributes, and are dropped without them', async () => {
  const { run, jobId } = await importing();
  const ofStore = () => event('Data Store Created', { datastoreName: 'store' });
  await send(ofStore(), event('Image Set Updated', { imagesetId: 'b'.repeat(32) }));
  await newConsumer([]).after({ unsearchable: 2 });
  await until(
    async () => stage.cluster.flows.temporal.workflow.count(`${OUR_SEARCH_ATTRIBUTES.jobId} = '${jobId}'`),
    ({ count }) => count === 1,
  );
  await send(ofStore(), event('Import Job In Progress', { jobId, jobName: 'made-by-hand' }));
  await newConsumer().after({ signalled: 2 });
  const { events } = await run.fetchHistory();
  const signals = events?.filter((entry) => entry.workflowExecutionSignaledEventAttributes);
  expect(signals).toHaveLength(2);
  await run.terminate();
});

describe('the events that the local AWS sends', () => {
  let flows: Readonly<Record<string, object>>;

  beforeAll(async () => {
    await putFiles(stage.aws.data, 'fhir', { 'in/p.ndjson': '{"resourceType":"Patient","id":"p1"}\n' });
    const { DatastoreId = '' } = await stage.aws.healthlake.createFHIRDatastore({
      DatastoreTypeVersion: 'R4',
    });
    const { InputS3Uri, ...output } = fhirImportOf(DatastoreId, 'fhir');
    flows = {
      importDicomAndSearch: dicomImport(),
      startImportAndWaitCompleted: { InputS3Uri, ...output },
      startExportPollAndList: output,
    };
  });

  /** Starts an import of each service and an export. Returns when each run has read its job once. */
  async function startAll(polling: object): Promise<WorkflowHandle[]> {
    await stage.aws.control.settings({
      dicomImportMs: 'never',
      fhirImportMs: 'never',
      fhirExportMs: 'never',
      eventQueue: queueUrl.split('/').at(-1) ?? '',
    });
    return Promise.all(Object.entries(flows).map(([flow, input]) => start(flow, { ...input, polling })));
  }

  /** Ends the jobs, one after the other, and expects each run to end well. */
  async function endAll(runs: readonly WorkflowHandle[]): Promise<void> {
    const kinds = ['dicomImportJob', 'fhirImportJob', 'fhirExportJob'] as const;
    for (const [index, run] of runs.entries()) {
      const { ids } = await run.query<Progress>('progress');
      const kind = kinds[index] ?? 'fhirExportJob';
      await stage.aws.control.settle({ kind, id: ids['jobId'] ?? '' });
    }
    for (const run of runs) expect(await run.result()).toMatchObject({ jobStatus: 'COMPLETED' });
  }

  test.each<[string, readonly EventFault[]]>([
    ['as they are', []],
    ['twice, out of order and late', ['duplicate', 'reorder', 'delay']],
  ])('end runs that poll only every hour: %s', async (_, faults) => {
    const runs = await startAll(hourly);
    const consumer = newConsumer([]);
    for (const how of faults) await stage.aws.control.eventFault({ how, count: 2 });
    await endAll(runs);
    await consumer.after({});
  });

  test('are not needed: if all are lost, runs end by their own polling', async () => {
    await stage.aws.control.eventFault({ how: 'lose', count: 100 });
    const runs = await startAll({ minimumInterval: 100, maximumInterval: 200, timeout: '1m' });
    const consumer = newConsumer([]);
    await endAll(runs);
    await consumer.after({});
    expect(consumer.counters.report().received).toBe(0);
  });
});
