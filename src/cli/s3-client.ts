import type { S3Client } from '@aws-sdk/client-s3';

/** An S3 client with the configuration of the worker, for commands that read reports. */
export async function s3Client(): Promise<S3Client> {
  // Imported only here, because loading the AWS SDK takes longer than most other commands run.
  const [{ createAwsClients, describeEndpoints }, { readSettings }] = await Promise.all([
    import('../worker/aws-clients.ts'),
    import('../worker/settings.ts'),
  ]);
  const aws = createAwsClients(process.env, readSettings(process.env).run.startToClose);
  await describeEndpoints(aws, process.env);
  return aws.s3;
}
