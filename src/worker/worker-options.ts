/**
 * The options of a worker, for programs with workflows of their own.
 *
 * @module aws-health-workflows/worker
 */
import { messageOf } from '../lib/user-error.ts';
import { isGrpcError } from '../temporal/grpc.ts';
import { NativeConnection, type WorkerOptions } from '@temporalio/worker';
import { createActivities } from '../activities/index.ts';
import { workerEncryption } from '../payloads/encryption.ts';
import { createAwsClients, describeEndpoints } from './aws-clients.ts';
import { lookUpSearchAttributes } from '../temporal/namespace-attributes.ts';
import { noNamespace, noServer, readTemporalConfig } from '../temporal/temporal-config.ts';
import { lookUpVersioning } from '../temporal/versioning.ts';
import { readSettings } from './settings.ts';
import { requireOneSdkVersion } from './temporal-sdk.ts';
import { versioningOptions } from './worker-version.ts';

export { replayRuns, type ReplayedRun } from './replay.ts';

/**
 * All options of a worker except its workflows: the connection, the activities, and the settings from the environment. Both
 * the worker of this package and the worker of a team with workflows of its own use it.
 *
 * Temporal is configured as for the Temporal CLI (`TEMPORAL_*`, `temporal.toml`), AWS by the SDK's default provider chain.
 *
 * If `PAYLOAD_KEYS` is set, `dataConverter` encrypts payloads with these keys. To use another one, put it after these options.
 *
 * @throws UserError for packages of Temporal of different versions, an invalid setting, a server that cannot be reached, or a namespace that does not exist
 */
export async function workerOptions(env: NodeJS.ProcessEnv) {
  requireOneSdkVersion();
  const settings = readSettings(env);
  const aws = createAwsClients(env, settings.run.startToClose);
  for (const [service, endpoint] of Object.entries(await describeEndpoints(aws, env))) {
    console.error(`AWS ${service}: ${endpoint}`);
  }
  const { connection, namespace } = await connect();
  const { taskQueue, version } = settings;
  const dataConverter = await workerEncryption(env, namespace);
  if (version) await reportVersioning(connection, namespace, taskQueue, version);
  const lookUp = async () => {
    const found = await lookUpSearchAttributes(connection, namespace);
    return [...found].flatMap(([name, state]) => (state === 'Keyword' ? [name] : []));
  };
  return {
    connection,
    namespace,
    taskQueue,
    ...(dataConverter && { dataConverter }),
    activities: createActivities(aws, settings.run, lookUp, settings.requestRates),
    ...versioningOptions(version),
    stickyQueueScheduleToStartTimeout: settings.stickyScheduleToStart,
    // At shutdown an in-flight request may finish. If it were cut off, the run could not tell whether AWS applied it.
    shutdownGraceTime: settings.run.startToClose,
    maxCachedWorkflows: 500,
  } satisfies WorkerOptions;
}

async function connect(): Promise<{ connection: NativeConnection; namespace: string }> {
  const { connectionOptions, namespace, address } = readTemporalConfig();
  const connection = await NativeConnection.connect(connectionOptions).catch((error: Error) => {
    throw noServer(address, error);
  });
  // Checked here because the SDK keeps polling a namespace that does not exist, without an error.
  await connection.workflowService.describeNamespace({ namespace }).catch((error: unknown) => {
    if (!isGrpcError(error, 'NOT_FOUND')) return;
    throw noNamespace(address, namespace);
  });
  return { connection, namespace };
}

/** Prints the versioning problems that block runs. The worker starts even if they cannot be looked up. */
async function reportVersioning(
  ...[connection, namespace, taskQueue, own]: Parameters<typeof lookUpVersioning>
) {
  try {
    const { faults } = await lookUpVersioning(connection, namespace, taskQueue, own);
    for (const { found, fix } of faults) console.error(`Worker Versioning: ${found}. To mend it: ${fix}`);
  } catch (error) {
    console.error(`Worker Versioning: its state cannot be looked up: ${messageOf(error)}`);
  }
}
