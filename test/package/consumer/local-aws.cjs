/** The same from a CommonJS module. */
const { startLocalAws } = require('aws-health-workflows/local-aws');

void startLocalAws({ memory: true, fast: true }).then(async (aws) => {
  console.log(await (await fetch(`${aws.endpoint}/_local/health`)).text());
  await aws.close();
});
