import { NativeConnection, type WorkerOptions } from '@temporalio/worker';
import { createActivities } from '../activities/index.ts';
import { createAwsClients, describeEndpoints } from './aws-clients.ts';
import { lookUpSearchAttributes } from '../temporal/namespace-attributes.ts';
import { noNamespace, noServer, readTemporalConfig } from '../temporal/temporal-config.ts';
import { lookUpVersioning } from '../temporal/versioning.ts';
import { readSettings } from './settings.ts';
import { versioningOptions } from './worker-version.ts';

export { replayRuns, type ReplayedRun } from './replay.ts';

/**
 * All that a worker needs but the workflows: the connection, the activities, and the settings of the environment. For the
 * worker of this package and for that of a team which has flows of its own.
 *
 * Temporal by `TEMPORAL_*` and `temporal.toml` as the Temporal CLI reads them, AWS by the SDK's own chain.
 *
 * @throws UserError for what whoever starts the worker can put right
 */
export async function workerOptions(env: NodeJS.ProcessEnv) {
  const settings = readSettings(env);
  const aws = createAwsClients(env, settings.run.startToClose);
  for (const [service, endpoint] of Object.entries(await describeEndpoints(aws, env))) {
    console.error(`AWS ${service}: ${endpoint}`);
  }
  const { connection, namespace } = await connect();
  const { taskQueue, version } = settings;
  if (version) await tellVersioning(connection, namespace, taskQueue, version);
  const lookUp = async () => {
    const found = await lookUpSearchAttributes(connection, namespace);
    return [...found].flatMap(([name, state]) => (state === 'Keyword' ? [name] : []));
  };
  return {
    connection,
    namespace,
    taskQueue,
    activities: createActivities(aws, settings.run, lookUp, settings.requestRates),
    ...versioningOptions(version),
    stickyQueueScheduleToStartTimeout: settings.stickyScheduleToStart,
    // A call that is on its way may end: one cut off half-way may or may not have taken effect.
    shutdownGraceTime: settings.run.startToClose,
    maxCachedWorkflows: 500,
  } satisfies WorkerOptions;
}

async function connect(): Promise<{ connection: NativeConnection; namespace: string }> {
  const { connectionOptions, namespace, address } = readTemporalConfig();
  const connection = await NativeConnection.connect(connectionOptions).catch((error: Error) => {
    throw noServer(address, error);
  });
  // A worker of a namespace that is not there would poll for ever, and take a signal for its first.
  await connection.workflowService.describeNamespace({ namespace }).catch((error: { code?: number }) => {
    if (error.code !== GRPC_NOT_FOUND) return;
    throw noNamespace(address, namespace);
  });
  return { connection, namespace };
}

/** Says what keeps runs from going on. What cannot be looked up does not keep the worker from its work. */
async function tellVersioning(
  ...[connection, namespace, taskQueue, own]: Parameters<typeof lookUpVersioning>
) {
  try {
    const { faults } = await lookUpVersioning(connection, namespace, taskQueue, own);
    for (const { found, fix } of faults) console.error(`Worker Versioning: ${found}. To mend it: ${fix}`);
  } catch (error) {
    console.error(`Worker Versioning: its state cannot be looked up: ${String(error)}`);
  }
}

const GRPC_NOT_FOUND = 5;
