/** A real Temporal server and the built worker, as processes of their own, for the tests of one file. */
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import Long from 'long';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { startChild } from '../../dev/children.ts';
import { promptTimers, startTemporalServer, type TemporalServer } from '../../dev/temporal-server.ts';
import { REQUEST_RATES } from '../../src/activities/retry-delay.ts';
import { FlowClient } from '../../src/client.ts';

export interface Cluster {
  /** Of the Temporal server. */
  readonly address: string;
  readonly connection: Connection;
  readonly flows: FlowClient;
  readonly taskQueue: string;
  /** What a worker is started with. */
  readonly workerEnvironment: Readonly<Record<string, string>>;
  /** Kills the worker, and starts another once something has happened. */
  withoutWorker(meanwhile: () => Promise<void>): Promise<void>;
  stop(): Promise<void>;
}

/** The clients of the AWS SDK look for these even where nobody checks them. */
export const awsEnvironment = (endpoint: string) => ({
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'local',
  AWS_SECRET_ACCESS_KEY: 'local',
  AWS_ENDPOINT_URL_MEDICAL_IMAGING: endpoint,
  AWS_ENDPOINT_URL_HEALTHLAKE: endpoint,
  AWS_ENDPOINT_URL_S3: endpoint,
});

export function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: the tests need jest's global set-up`);
  return value;
}

export function startTestServer(dynamicConfig: readonly string[] = []): Promise<TemporalServer> {
  const program = required('AHW_TEST_TEMPORAL');
  const options = { program, headless: true, port: 0, dynamicConfig: [promptTimers, ...dynamicConfig] };
  return startTemporalServer(options);
}

/** How long a worker of the tests looks for an image set that a search does not show. */
export const SEARCH_LAG_MS = 1_000;

/** Retries of the tests come at once, where AWS's rates would space them by seconds. */
const FAST_RATES = Object.keys(REQUEST_RATES)
  .map((operation) => `${operation}=100`)
  .join();

interface ClusterOptions {
  /** One that is made for the occasion has no search attributes. */
  readonly namespace?: string;
  /** Of the worker, besides those of all tests. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Of the server, besides those of all tests; `KEY=VALUE` pairs. */
  readonly dynamicConfig?: readonly string[];
  /** False for a test that starts workers of its own. */
  readonly withWorker?: boolean;
}

/** @param endpoint - of whatever speaks the three services' protocols */
export async function startCluster(
  endpoint: string,
  { namespace = 'default', settings = {}, dynamicConfig, withWorker = true }: ClusterOptions = {},
): Promise<Cluster> {
  const temporal = await startTestServer(dynamicConfig);
  const taskQueue = `test-${randomUUID()}`;
  const connection = await Connection.connect({ address: temporal.address });
  if (namespace !== 'default') await register(connection, namespace);
  const environment = {
    ...awsEnvironment(endpoint),
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: namespace,
    TEMPORAL_TASK_QUEUE: taskQueue,
    MANIFEST_WAIT: '500ms',
    CLIENT_TOKEN_LIFE: '4s',
    SEARCH_LAG: `${SEARCH_LAG_MS}ms`,
    ...settings,
  };
  // Not in this process: in jest's realm an error of Node's own is no `Error`, and the SDK wraps it in another.
  let worker = withWorker ? startWorker(environment) : undefined;
  return {
    address: temporal.address,
    connection,
    taskQueue,
    workerEnvironment: environment,
    flows: new FlowClient(new Client({ connection, namespace }), taskQueue),
    withoutWorker: async (meanwhile) => {
      await worker?.kill();
      await meanwhile();
      worker = startWorker(environment);
    },
    stop: async () => {
      await connection.close();
      await Promise.all([worker?.kill(), temporal.stop()]);
    },
  };
}

/** Starts a service and a cluster on it before the tests of a file, and stops both after them. */
export function withCluster<Aws extends { endpoint: string; close(): Promise<void> }>(
  start: () => Promise<Aws>,
  begin: (aws: Aws, cluster: Cluster) => unknown,
  options: ClusterOptions = {},
): void {
  const running: (() => Promise<void>)[] = [];
  beforeAll(async () => {
    const aws = await start();
    running.unshift(() => aws.close());
    const cluster = await startCluster(aws.endpoint, options);
    running.unshift(() => cluster.stop());
    await begin(aws, cluster);
  });
  afterAll(async () => {
    for (const stop of running) await stop();
  });
}

/** What the workers of this process's tests log. */
export const workerLogFile = join(tmpdir(), `ahw-worker-${process.pid}.log`);

/** The built worker, impatient enough for tests. */
export function startWorker(env: Record<string, string>) {
  const script = join(import.meta.dirname, '../../dist/src/worker.js');
  return startChild(process.execPath, [script], {
    name: 'worker',
    logFile: workerLogFile,
    env: {
      ...process.env,
      ACTIVITY_START_TO_CLOSE: '2s',
      STICKY_SCHEDULE_TO_START: '200ms',
      LIST_LAG: '200ms',
      AWS_REQUEST_RATES: FAST_RATES,
      ...env,
    },
  });
}

async function register(connection: Connection, namespace: string): Promise<void> {
  await connection.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: { seconds: Long.fromNumber(86_400) },
  });
  // The server learns of a new namespace from its own cache, a moment later.
  const ready = () =>
    connection.workflowService.listWorkflowExecutions({ namespace }).then(
      () => true,
      () => false,
    );
  while (!(await ready())) await pause(50);
}

/** A worker of this process replays histories; what it says of itself would bury everything else. */
export function quietRuntime(): void {
  try {
    Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
  } catch {
    // Installed by another test file in the same jest worker.
  }
}
