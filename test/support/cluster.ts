/** A real Temporal server and the built worker as separate processes, for the tests of one file. */
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
import { clientEncryption } from '../../src/payloads/encryption.ts';

export interface Cluster {
  /** The address of the Temporal server. */
  readonly address: string;
  readonly connection: Connection;
  readonly flows: FlowClient;
  readonly taskQueue: string;
  /** The environment of the worker. */
  readonly workerEnvironment: Readonly<Record<string, string>>;
  /** Kills the worker, awaits `meanwhile`, and starts another worker. */
  withoutWorker(meanwhile: () => Promise<void>): Promise<void>;
  stop(): Promise<void>;
}

/** The AWS SDK needs a region and credentials, although the local AWS checks neither. */
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

/**
 * Settings of a worker for tests of calls without an answer. A call times out after two seconds, and the run treats its client
 * token as expired after four. Only for a scripted AWS: the local AWS writes to the disk, which can take longer than this on a
 * loaded machine.
 */
export const SHORT_CALLS = { ACTIVITY_START_TO_CLOSE: '2s', CLIENT_TOKEN_LIFE: '4s' };

/** How long a worker of the tests searches for a new image set before it concludes that there is none. */
export const SEARCH_LAG_MS = 1_000;

/** High rates, so that retries in tests follow within milliseconds. With AWS's own rates they would be seconds apart. */
const FAST_RATES = Object.keys(REQUEST_RATES)
  .map((operation) => `${operation}=100`)
  .join();

interface ClusterOptions {
  /** A namespace other than `default` is created for the test, and has no custom search attributes. */
  readonly namespace?: string;
  /** Environment variables of the worker, in addition to those of all tests. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Dynamic configuration of the server, as `KEY=VALUE` pairs, in addition to that of all tests. */
  readonly dynamicConfig?: readonly string[];
  /** False for a test that starts its own workers. */
  readonly withWorker?: boolean;
}

/** @param endpoint - the URL of a server that implements the protocols of HealthImaging, HealthLake and S3 */
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
    // A call that a loaded machine delays must not count as one that AWS has not answered.
    ACTIVITY_START_TO_CLOSE: '4s',
    SEARCH_LAG: `${SEARCH_LAG_MS}ms`,
    ...settings,
  };
  const dataConverter = await clientEncryption(settings, namespace);
  // The worker is a separate process because in jest's realm Node's own errors are not `instanceof Error`, and Temporal's SDK
  // would wrap them in another error.
  let worker = withWorker ? startWorker(environment) : undefined;
  return {
    address: temporal.address,
    connection,
    taskQueue,
    workerEnvironment: environment,
    flows: new FlowClient(
      new Client({ connection, namespace, ...(dataConverter && { dataConverter }) }),
      taskQueue,
    ),
    withoutWorker: async (meanwhile) => {
      await worker?.kill();
      try {
        await meanwhile();
      } finally {
        worker = startWorker(environment);
      }
    },
    stop: async () => {
      await connection.close();
      await Promise.all([worker?.kill(), temporal.stop()]);
    },
  };
}

/** Starts an AWS and a cluster that uses it before the tests of a file, and stops both after them. */
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

/** The log of the workers that this process's tests start. */
export const workerLogFile = join(tmpdir(), `ahw-worker-${process.pid}.log`);

const builtWorker = [join(import.meta.dirname, '../../dist/src/cli.js'), 'worker'];

/**
 * Starts a worker with time-outs that are short enough for tests.
 *
 * @param command - a script and its arguments, in place of those of the built worker
 */
export function startWorker(env: Record<string, string>, command: readonly string[] = builtWorker) {
  return startChild(process.execPath, command, {
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
  // The server caches its namespaces, and knows a new one only a moment later.
  const ready = () =>
    connection.workflowService.listWorkflowExecutions({ namespace }).then(
      () => true,
      () => false,
    );
  while (!(await ready())) await pause(50);
}

/** Silences the Temporal SDK in a process that replays histories. Its log would hide the output of the tests. */
export function quietRuntime(): void {
  try {
    Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
  } catch {
    // Another test file in the same jest worker has already installed the runtime.
  }
}
