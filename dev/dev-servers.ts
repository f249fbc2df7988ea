/** What `npm run dev` does once its flags are read. */
import { delimiter, dirname, join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { MedicalImagingClient } from '@aws-sdk/client-medical-imaging';
import { createAwsClients } from '../src/worker/aws-clients.ts';
import { UserError } from '../src/lib/user-error.ts';
import { shellCommand } from '../src/cli/terminal.ts';
import { FlowClient } from '../src/client.ts';
import { type Platform, startPlatform } from './platform.ts';
import type { Life } from './run-process.ts';
import { copyInput } from './sample-jobs.ts';
import { samplesToCopy } from './sample-store.ts';
import { sayOnStdout as say } from './say.ts';
import type { TemporalLocation } from './temporal-choice.ts';

const taskQueue = 'aws-health';

export interface DevFlags {
  readonly data?: string;
  readonly server?: string;
  readonly viewer?: boolean;
}

/** Starts the servers and the worker, and prints how to use them. Returns only by an error; Ctrl-C ends the process. */
export async function runDev(flags: DevFlags, life: Life): Promise<never> {
  const folder = resolve(flags.data ?? '.local');
  // Before the environment is isolated, because a download may need the user's proxies.
  const viewerFiles = flags.viewer ? await bringViewerOrSay() : undefined;
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
  say(`samples    in data store ${datastoreId}`);
  if (viewerFiles !== undefined) await view(viewerFiles, platform.awsUrl, imaging, life);
  say('');
  say(
    `A first run, from another terminal:\n\n${startCommand(platform.temporal, copyInput(datastoreId, pair))}\n`,
  );
  say(`For aws-health-workflows, there too:\n\n${exportCommand()}\n`);
  say('Ctrl-C stops everything; the next npm run dev continues with the same data.');
  return new Promise<never>(() => {});
}

/** The files of the viewer. Without them everything else still works. */
async function bringViewerOrSay(): Promise<string | undefined> {
  const { bringViewer, VIEWER_FOLDER } = await import('./viewer/package.ts');
  return bringViewer(VIEWER_FOLDER, say).catch((error: unknown) => {
    if (!(error instanceof UserError)) throw error;
    say(`${error.message} Everything else starts without it.`);
    return undefined;
  });
}

/** The links name studies by their UIDs only: a terminal is no place for data of patients. */
async function view(files: string, awsUrl: string, imaging: MedicalImagingClient, life: Life): Promise<void> {
  const { startViewer } = await import('./viewer/index.ts');
  const viewer = await startViewer(files, { awsUrl, imaging, say });
  life.defer(() => viewer.close());
  say(`viewer     ${viewer.url}, and each study:`);
  for (const link of await viewer.links()) say(`           ${link}`);
}

/** Starts a worker, and a new one when it dies, so that users can kill it. A worker that exits at once is not restarted. */
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

/** A command to paste into a shell. It contains the path of the program if that is not on PATH. */
function startCommand({ address, namespace, program = 'temporal' }: TemporalLocation, input: object): string {
  const onPath = (process.env['PATH'] ?? '').split(delimiter).includes(dirname(program));
  const where = ['--address', address, '--namespace', namespace, '--task-queue', taskQueue];
  const what = ['--type', 'copyImageSet', '--input', JSON.stringify(input)];
  return shellCommand(onPath ? 'temporal' : program, 'workflow', 'start', ...where, ...what);
}

/**
 * The `export` command that points a shell to these servers only. The AWS CLI reads AWS_DEFAULT_REGION, not AWS_REGION, and
 * prefixes the host name of some operations (`runtime-`) unless this is turned off.
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
