/** Runs a flow from a CommonJS module, and prints its result. */
const { FlowClient, runMain } = require('aws-health-workflows');

void runMain(async () => {
  const flows = await FlowClient.connect();
  console.log(JSON.stringify(await flows.execute('provisionDatastore', { datastoreName: 'by-require' })));
  await flows.close();
});
