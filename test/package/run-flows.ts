/** Runs flows with an installed package, in each way in which a user can start one. */
import { randomUUID } from 'node:crypto';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startChild } from '../../dev/children.ts';
import { awsEnvironment, type Cluster } from '../support/cluster.ts';
import type { ExamplePackage } from '../support/example-package.ts';
import { polling, roleArn } from '../support/inputs.ts';

export const program = 'node_modules/.bin/aws-health-workflows';

/** Where a local AWS is, and the folder that stands for its S3. */
export interface Aws {
  readonly endpoint: string;
  readonly s3Folder: string;
}

/**
 * Runs flows from an ES module, from a CommonJS module and from the command line with the worker of the package, and with the worker of
 * the example a flow of the package and its own.
 *
 * @returns the output of the worker of the package
 */
export async function runFlows(
  consumer: ExamplePackage,
  { address, flows }: Cluster,
  aws: Aws,
): Promise<string> {
  const taskQueue = randomUUID();
  const env = { ...awsEnvironment(aws.endpoint), TEMPORAL_ADDRESS: address, TEMPORAL_TASK_QUEUE: taskQueue };
  const own = { ...env, TEMPORAL_TASK_QUEUE: `${taskQueue}-own` };
  const options = {
    name: 'worker',
    logFile: join(consumer.folder, `${taskQueue}.log`),
    cwd: consumer.folder,
  };
  const worker = startChild(join(consumer.folder, program), ['worker'], {
    ...options,
    env: { ...process.env, ...env },
  });
  const ownWorker = consumer.start('worker.js', own);
  try {
    const active = expect.objectContaining({ datastoreStatus: 'ACTIVE' });
    expect(await answer(consumer, 'node flow.mjs', env)).toEqual(active);
    expect(await answer(consumer, 'node flow.cjs', env)).toEqual(active);
    const imported = await importOneFile(consumer, env, aws);
    expect(imported).toMatchObject({ outcome: 'complete', imageSets: [{ isPrimary: true }] });

    expect(await answer(consumer, 'node flow.mjs', own)).toEqual(active);
    const { datastoreId, imageSets } = imported;
    const [{ imageSetId }] = imageSets;
    const deletion = { taskQueue: own.TEMPORAL_TASK_QUEUE, args: [{ datastoreId, imageSetId, polling }] };
    const start = { workflowId: randomUUID(), ...deletion };
    expect(await flows.temporal.workflow.execute('deleteImageSetAndConfirm', start)).toEqual({ imageSetId });
    return worker.output();
  } finally {
    await Promise.all([worker.kill(), ownWorker.kill()]);
  }
}

interface Imported {
  readonly datastoreId: string;
  readonly imageSets: readonly [{ readonly imageSetId: string }];
}

async function importOneFile(consumer: ExamplePackage, env: NodeJS.ProcessEnv, aws: Aws): Promise<Imported> {
  mkdirSync(join(aws.s3Folder, 'incoming'), { recursive: true });
  cpSync(
    join(consumer.folder, 'node_modules/aws-health-workflows/examples/files/image.dcm'),
    join(aws.s3Folder, 'incoming/image.dcm'),
  );
  const input = {
    datastoreName: 'installed',
    dataAccessRoleArn: roleArn,
    inputS3Uri: 's3://incoming/',
    outputS3Uri: 's3://results/',
    polling,
  };
  writeFileSync(join(consumer.folder, 'import.json'), JSON.stringify(input));
  const command = `${program} start onboardDatastoreAndImport --input import.json --watch --json`;
  return (await answer(consumer, command, env)) as Imported;
}

/** The JSON that a command prints on its last line. */
async function answer(consumer: ExamplePackage, command: string, env: NodeJS.ProcessEnv): Promise<unknown> {
  const { code, stdout, stderr } = await consumer.run(command, env);
  if (code !== 0) throw new Error(`${command} ends with ${code}:\n${stdout}${stderr}`);
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
}
