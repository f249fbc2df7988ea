import { fileURLToPath } from 'node:url';
import { Worker } from '@temporalio/worker';
import { workerOptions } from 'aws-health-workflows/worker';

/** A worker with workflows of one's own, and all activities of the package. */
const worker = await Worker.create({
  ...(await workerOptions(process.env)),
  workflowsPath: fileURLToPath(new URL('./workflows.js', import.meta.url)),
});
await worker.run();
