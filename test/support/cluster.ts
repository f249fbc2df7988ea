/** A real Temporal server and a worker of this process, for the tests of one file. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import Long from 'long';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { promptTimers, startTemporalServer, type TemporalServer } from '../../dev/temporal-server.ts';
import { createActivities } from '../../src/activities/index.ts';
import { createAwsClients } from '../../src/aws-clients.ts';
import { FlowClient } from '../../src/client.ts';
import { workerFacts } from '../../src/worker-facts.ts';

export interface Cluster {
  readonly temporal: TemporalServer;
  readonly flows: FlowClient;
  readonly taskQueue: string;
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

export function startTestServer(): Promise<TemporalServer> {
  const program = required('AHW_TEST_TEMPORAL');
  return startTemporalServer({ program, headless: true, port: 0, dynamicConfig: [promptTimers] });
}

/**
 * @param endpoint - of whatever speaks the three services' protocols
 * @param namespace - one that is made for the occasion has no search attributes
 */
export async function startCluster(endpoint: string, namespace = 'default'): Promise<Cluster> {
  quietRuntime();
  Object.assign(process.env, awsEnvironment(endpoint));
  const temporal = await startTestServer();
  const taskQueue = `test-${randomUUID()}`;
  const settings = {
    taskQueue,
    startToClose: 2_000,
    stickyScheduleToStart: 200,
    manifestWait: 500,
    tokenLife: 2_500,
  };
  const connection = await Connection.connect({ address: temporal.address });
  if (namespace !== 'default') await register(connection, namespace);
  const native = await NativeConnection.connect({ address: temporal.address });
  const worker = await Worker.create({
    connection: native,
    namespace,
    taskQueue,
    stickyQueueScheduleToStartTimeout: settings.stickyScheduleToStart,
    workflowBundle: { codePath: required('AHW_TEST_BUNDLE') },
    activities: createActivities(
      createAwsClients(process.env, settings.startToClose),
      workerFacts(native, namespace, settings),
    ),
  });
  const running = worker.run();
  return {
    temporal,
    taskQueue,
    flows: new FlowClient(new Client({ connection, namespace }), taskQueue),
    stop: async () => {
      worker.shutdown();
      await running;
      await Promise.all([native.close(), connection.close()]);
      await temporal.stop();
    },
  };
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

/** Failing activities are what the tests are about; their stack traces would bury everything else. */
export function quietRuntime(): void {
  try {
    Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
  } catch {
    // Installed by another test file in the same jest worker.
  }
}
