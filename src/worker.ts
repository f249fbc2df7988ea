import { Worker } from '@temporalio/worker';
import { readSettings } from './worker/settings.ts';
import { workerOptions } from './worker/worker-options.ts';
import { workflowCode } from './worker/workflow-code.ts';

/** The command `worker`: runs workflows and activities until a signal shuts it down. */
export async function runWorker(): Promise<void> {
  const options = await workerOptions(process.env);
  const { version } = readSettings(process.env);
  const code = workflowCode(version, options.dataConverter !== undefined);
  const worker = await Worker.create({ ...options, ...code });
  console.error(`Worker is polling task queue ${options.taskQueue} in namespace ${options.namespace}.`);
  await worker.run();
  await options.connection.close();
}
