/** The command `events`: its output, how it ends, and what a kill leaves behind. No worker takes the signals from the runs. */
import { randomBytes, randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startChild, type Child } from '../dev/children.ts';
import { localAws, until, type LocalAwsUnderTest } from './local-aws/harness.ts';
import { cliEnvironment, program, runCli } from './support/cli.ts';
import { withCluster, type Cluster } from './support/cluster.ts';
import { datastoreId } from './support/inputs.ts';
import { encodedIn, everythingStored } from './support/stored.ts';

const MOST_SIGNALS = 3;

let aws: LocalAwsUnderTest;
let cluster: Cluster;
let queueUrl: string;
const logFile = join(tmpdir(), `ahw-events-${process.pid}.log`);

withCluster(localAws, (...platform) => ([aws, cluster] = platform), {
  withWorker: false,
  dynamicConfig: [`history.maximumSignalsPerExecution=${MOST_SIGNALS}`],
});
beforeEach(async () => {
  const Attributes = { VisibilityTimeout: '1' };
  const made = await aws.sqs.createQueue({ QueueName: `queue-${randomUUID()}`, Attributes });
  queueUrl = made.QueueUrl ?? '';
});
afterAll(() => rm(logFile, { force: true }));

const environment = () => ({ ...cliEnvironment(cluster, aws.endpoint), AWS_ENDPOINT_URL_SQS: aws.endpoint });

const startEvents = (settings: NodeJS.ProcessEnv = {}): Child =>
  startChild(process.execPath, [program, 'events', '--queue-url', queueUrl, '--json'], {
    name: 'events',
    logFile,
    env: { ...environment(), ...settings },
  });

/** An open run, and the name that its job would have. */
async function openRun() {
  const { temporal } = cluster.flows;
  const workflowId = `waiting-${randomUUID()}`;
  const run = await temporal.workflow.start('importDicomAndSearch', {
    taskQueue: cluster.taskQueue,
    workflowId,
  });
  await until(
    () => temporal.workflow.count(`WorkflowId = '${workflowId}'`),
    ({ count }) => count === 1,
  );
  return { run, jobName: `import-dicom-and-search-${run.firstExecutionRunId}` };
}

const send = (jobName: string) =>
  aws.sqs.sendMessage({
    QueueUrl: queueUrl,
    MessageBody: JSON.stringify({
      id: randomUUID(),
      source: 'aws.medical-imaging',
      'detail-type': 'Import Job In Progress',
      time: new Date().toISOString(),
      detail: { datastoreId, jobId: 'j1', jobName },
    }),
  });

const signalsOf = async (run: Awaited<ReturnType<typeof openRun>>['run']) => {
  const { events } = await run.fetchHistory();
  return events?.filter((event) => event.workflowExecutionSignaledEventAttributes).length;
};

const messages = async () => {
  const AttributeNames = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const;
  const { Attributes = {} } = await aws.sqs.getQueueAttributes({
    QueueUrl: queueUrl,
    AttributeNames: [...AttributeNames],
  });
  return AttributeNames.map((name) => Number(Attributes[name])).reduce((a, b) => a + b);
};

test('killed between signal and deletion, it leaves the message, which signals the run once more', async () => {
  const { run, jobName } = await openRun();
  await send(jobName);
  await aws.control.hold({ operation: 'DeleteMessageBatch', count: 1 });
  const killed = startEvents();
  await until(
    () => signalsOf(run),
    (signals) => signals === 1,
  );
  await until(
    () => aws.control.calls({ operation: 'DeleteMessageBatch' }),
    (calls) => calls.some(({ outcome }) => outcome === 'held'),
  );
  await killed.kill();
  expect(await messages()).toBe(1);
  const next = startEvents();
  await until(messages, (left) => left === 0);
  expect(await signalsOf(run)).toBe(2);
  await next.stop();
  await run.terminate();
});

test('with PAYLOAD_KEYS, the signals that it sends are encrypted', async () => {
  const { run, jobName } = await openRun();
  const keyFile = join(tmpdir(), `ahw-keys-${randomUUID()}`);
  await writeFile(keyFile, randomBytes(32).toString('base64'));
  await send(jobName);
  const events = startEvents({ PAYLOAD_KEYS: `file:${keyFile}` });
  await until(messages, (left) => left === 0);
  await events.stop();
  await rm(keyFile);
  expect(await signalsOf(run)).toBe(1);
  const stored = await everythingStored(cluster, [run.workflowId]);
  // The name of the signal is never encrypted.
  expect(encodedIn(stored, ['awsEvent', jobName, 'Import Job In Progress'])).toEqual(['awsEvent']);
  await run.terminate();
});

test('SIGTERM ends it with a last count, and a run that has taken too many signals gets no more', async () => {
  const { run, jobName } = await openRun();
  for (let sent = 0; sent <= MOST_SIGNALS; sent++) await send(jobName);
  const events = startEvents();
  await until(messages, (left) => left === 0);
  await events.stop();
  expect(await events.exited).toBe(0);
  const [counts = ''] = events.output().trim().split('\n').slice(-1);
  expect(JSON.parse(counts)).toEqual({
    received: MOST_SIGNALS + 1,
    outcomes: { signalled: MOST_SIGNALS, 'run full': 1 },
    ends: { asked: 0, byEvent: 0 },
  });
  await run.terminate();
});

test.each([
  [[], 'Name the queue: --queue-url URL, or EVENT_QUEUE_URL.'],
  [['--queue-url', 'queue'], 'must begin with https:// or http://'],
  [['--queue-url', ''], '--queue-url must not be empty.'],
  [['--queue-url', 'http://127.0.0.1:9/1/q'], 'The queue http://127.0.0.1:9/1/q cannot be read'],
])('%j ends with one line', async (args, line) => {
  const { code, stdout, stderr } = await runCli(['events', ...args], environment());
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toContain(line);
  expect(
    stderr
      .trim()
      .split('\n')
      .filter((text) => !text.startsWith('Receiving')),
  ).toHaveLength(1);
});
