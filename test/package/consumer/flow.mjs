/** Runs a flow from an ES module, and prints its result. */
import { FlowClient, runMain } from 'aws-health-workflows';

await runMain(async () => {
  const flows = await FlowClient.connect();
  console.log(JSON.stringify(await flows.execute('provisionDatastore', { datastoreName: 'by-esm' })));
  await flows.close();
});
