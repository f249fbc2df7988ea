/** Starts the local AWS in this process, and prints the answer of its health check. */
import { startLocalAws } from 'aws-health-workflows/local-aws';

const aws = await startLocalAws({ memory: true, fast: true });
console.log(await (await fetch(`${aws.endpoint}/_local/health`)).text());
await aws.close();
