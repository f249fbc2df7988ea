/**
 * `npm run dev`: a Temporal server, the local AWS and a worker, all with durable state in one folder, until Ctrl-C.
 */
import { delimiter, dirname, join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createAwsClients } from '../src/worker/aws-clients.ts';
import { shellCommand } from '../src/cli/terminal.ts';
import { FlowClient } from '../src/client.ts';
import { readFlags } from './flags.ts';
import { type Platform, startPlatform } from './platform.ts';
import { type Life, runProcess } from './run-process.ts';
import { copyInput } from './sample-jobs.ts';
import { samplesToCopy } from './sample-store.ts';
import { sayOnStdout as say } from './say.ts';
import type { TemporalLocation } from './temporal-choice.ts';

const taskQueue = 'aws-health';

async function main(life: Life): Promise<void> {
  const flags = readFlags({ data: 'DIR', server: 'existing' }, 'npm run dev');
  const folder = resolve(flags.data ?? '.local');
  const platform = await startPlatform(
    { folder, taskQueue, server: flags.server, ending: 'stop', say },
    life,
  );
  keepWorker(platform, life);
  say(`Temporal   ${platform.temporal.address}, Web UI ${platform.temporal.uiUrl}`);
  say(`local AWS  ${platform.awsUrl}, whose S3 is the folder ${platform.s3Folder}`);
  say(`worker     task queue ${taskQueue}, log in ${join(folder, 'worker.log')}`);

  const flows = await FlowClient.connect();
  const { imaging } = createAwsClients(process.env, 5_000);
  const { datastoreId, pair } = await samplesToCopy(flows, imaging, platform.s3Folder);
  say(`samples    in data store ${datastoreId}\n`);
  say(
    `A first run, from another terminal:\n\n${startCommand(platform.temporal, copyInput(datastoreId, pair))}\n`,
  );
  say(`For aws-health-workflows, there too:\n\n${exportCommand()}\n`);
  say('Ctrl-C ends all of it; npm run dev goes on where it ended.');
  await new Promise<never>(() => {});
}

/** Starts a worker, and another when that one dies: try what becomes of a run. One that dies at once would die again. */
function keepWorker(platform: Platform, life: Life): void {
  const worker = platform.startWorker();
  const began = Date.now();
  void worker.crashed.then(async (crash) => {
    if (Date.now() - began < 5_000) return life.fail(crash);
    say(`The worker (process ${worker.pid}) is dead: starting another.`);
    await pause(1_000);
    return keepWorker(platform, life);
  });
}

/** To be pasted into a shell. The program is named by its path where the shell would not find it. */
function startCommand({ address, namespace, program = 'temporal' }: TemporalLocation, input: object): string {
  const onPath = (process.env['PATH'] ?? '').split(delimiter).includes(dirname(program));
  const where = ['--address', address, '--namespace', namespace, '--task-queue', taskQueue];
  const what = ['--type', 'copyImageSet', '--input', JSON.stringify(input)];
  return shellCommand(onPath ? 'temporal' : program, 'workflow', 'start', ...where, ...what);
}

/**
 * What leads a command line to these servers, and to no others. The AWS CLI reads AWS_DEFAULT_REGION and not AWS_REGION,
 * and prefixes the host name (`runtime-`) of some operations unless it is told not to.
 */
function exportCommand(): string {
  const names = [
    'TEMPORAL_ADDRESS',
    'TEMPORAL_NAMESPACE',
    'AWS_ENDPOINT_URL',
    'AWS_DISABLE_HOST_PREFIX_INJECTION',
    'AWS_REGION',
    'AWS_DEFAULT_REGION',
    'AWS_ACCESS_KEY_ID',
    'AWS_SECRET_ACCESS_KEY',
  ];
  return `export ${names.map((name) => shellCommand(`${name}=${process.env[name]}`)).join(' ')}`;
}

void runProcess(main, { onInterrupt: 0 });
