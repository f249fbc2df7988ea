import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { NativeConnection, Worker } from '@temporalio/worker';
import { createActivities } from './activities/index.ts';
import { createAwsClients, describeEndpoints } from './aws-clients.ts';
import { UserError, runMain } from './user-error.ts';
import { readSettings, workerFacts } from './worker-facts.ts';

/**
 * The worker process: runs workflows and activities until it is told to stop.
 *
 * Temporal by `TEMPORAL_*` and `temporal.toml` as the Temporal CLI reads them, AWS by the SDK's own chain.
 */
async function main(): Promise<void> {
  const settings = readSettings(process.env);
  const aws = createAwsClients(process.env, settings.startToClose);
  for (const [service, endpoint] of Object.entries(await describeEndpoints(aws, process.env))) {
    console.error(`AWS ${service}: ${endpoint}`);
  }
  const { connectionOptions, namespace = 'default' } = loadClientConnectConfig();
  const connection = await NativeConnection.connect(connectionOptions).catch((error: Error) => {
    throw new UserError(
      `No Temporal server at ${connectionOptions.address ?? 'localhost:7233'} (${error.message}). ` +
        'Start one (npm run dev), or set TEMPORAL_ADDRESS.',
    );
  });
  const worker = await Worker.create({
    connection,
    namespace,
    taskQueue: settings.taskQueue,
    ...workflowCode(),
    activities: createActivities(aws, workerFacts(connection, namespace, settings)),
    stickyQueueScheduleToStartTimeout: settings.stickyScheduleToStart,
    // A call that is on its way may end: one cut off half-way may or may not have taken effect.
    shutdownGraceTime: settings.startToClose,
    maxCachedWorkflows: 500,
  });
  console.error(`Worker is polling task queue ${settings.taskQueue} in namespace ${namespace}.`);
  await worker.run();
  await connection.close();
}

/** The bundle that the build has made, or the sources: bundling at each start would cost two seconds. */
function workflowCode() {
  const codePath = fileURLToPath(new URL('./workflow-bundle.js', import.meta.url));
  return existsSync(codePath)
    ? { workflowBundle: { codePath } }
    : { workflowsPath: fileURLToPath(new URL('./workflows/index.js', import.meta.url)) };
}

void runMain(main);
