import { fileURLToPath } from 'node:url';
import { Worker } from '@temporalio/worker';
import { runMain } from 'aws-health-workflows';
import { workerOptions } from 'aws-health-workflows/worker';

/** A worker for the flows of the package and the custom flow, with all activities of the package. */
await runMain(async () => {
  const worker = await Worker.create({
    ...(await workerOptions(process.env)),
    workflowsPath: fileURLToPath(new URL('./workflows.js', import.meta.url)),
  });
  await worker.run();
});
