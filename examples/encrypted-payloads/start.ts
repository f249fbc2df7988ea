import { FlowClient, runMain } from 'aws-health-workflows';
import { encrypted } from './codec.js';

/** Starts a flow with a client that has the same data converter as the worker, and waits for the result. */
await runMain(async () => {
  const flows = await FlowClient.connect({ dataConverter: encrypted() });
  const [datastoreName = 'radiology'] = process.argv.slice(2);
  const run = await flows.start('provisionDatastore', { datastoreName });
  console.log(run.workflowId);
  console.log(await run.result());
  await flows.close();
});
