import { Worker } from '@temporalio/worker';
import { UserError, explainOurs, runMain } from './lib/user-error.ts';
import { readSettings } from './worker/settings.ts';
import { workerOptions } from './worker/worker-options.ts';
import { workflowCode } from './worker/workflow-code.ts';

/** The worker process: runs workflows and activities until it is told to stop. */
async function main(): Promise<void> {
  if (process.argv.length > 2) {
    throw new UserError(
      'The worker takes no arguments, but settings from the environment: see the table in README.md.',
    );
  }
  const options = await workerOptions(process.env);
  const worker = await Worker.create({ ...options, ...workflowCode(readSettings(process.env).version) });
  console.error(`Worker is polling task queue ${options.taskQueue} in namespace ${options.namespace}.`);
  await worker.run();
  await options.connection.close();
}

void runMain(main, explainOurs);
