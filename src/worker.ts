import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from '@temporalio/worker';
import { UserError, explainOurs, runMain } from './lib/user-error.ts';
import { workerOptions } from './worker/worker-options.ts';

/** The worker process: runs workflows and activities until it is told to stop. */
async function main(): Promise<void> {
  if (process.argv.length > 2) {
    throw new UserError(
      'The worker takes no arguments, but settings from the environment: see the table in README.md.',
    );
  }
  const options = await workerOptions(process.env);
  const worker = await Worker.create({ ...options, ...workflowCode() });
  console.error(`Worker is polling task queue ${options.taskQueue} in namespace ${options.namespace}.`);
  await worker.run();
  await options.connection.close();
}

/** The bundle that the build has made, or the sources: bundling at each start would cost two seconds. */
function workflowCode() {
  const codePath = fileURLToPath(new URL('./workflow-bundle.js', import.meta.url));
  return existsSync(codePath)
    ? { workflowBundle: { codePath } }
    : { workflowsPath: fileURLToPath(new URL('./workflows/index.js', import.meta.url)) };
}

void runMain(main, explainOurs);
