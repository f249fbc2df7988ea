import { fileURLToPath } from 'node:url';
import { Worker } from '@temporalio/worker';
import { runMain } from 'aws-health-workflows';
import { workerOptions } from 'aws-health-workflows/worker';
import { encrypted } from './codec.js';

/** The worker of the package, with a data converter. */
await runMain(async () => {
  const dataConverter = encrypted();
  const worker = await Worker.create({
    ...(await workerOptions(process.env)),
    workflowsPath: fileURLToPath(import.meta.resolve('aws-health-workflows/workflows')),
    dataConverter,
  });
  await worker.run();
});
