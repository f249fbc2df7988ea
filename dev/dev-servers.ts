/** What `npm run dev` does once its flags are read. */
import { delimiter, dirname, join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { MedicalImagingClient } from '@aws-sdk/client-medical-imaging';
import { createAwsClients } from '../src/worker/aws-clients.ts';
import { UserError } from '../src/lib/user-error.ts';
import { shellCommand } from '../src/cli/terminal.ts';
import { FlowClient } from '../src/client.ts';
import { temporalCommand } from '../src/temporal/temporal-command.ts';
import { encryptsPayloads, rememberEncryption } from './encrypted-folder.ts';
import { type Platform, startPlatform } from './platform.ts';
import { loopback } from './ports.ts';
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
  readonly encrypted?: boolean;
}

/** Starts the servers and the worker, and prints how to use them. Returns only by an error; Ctrl-C ends the process. */
export async function runDev(flags: DevFlags, life: Life): Promise<never> {
  const folder = resolve(flags.data ?? '.local');
  // Before the environment is isolated, because a download may need the user's proxies.
  const viewerFiles = flags.viewer ? await bringViewerOrSay() : undefined;
  const encrypted = encryptsPayloads(folder, flags.encrypted ?? false, say);
  const platform = await startPlatform(
    { folder, taskQueue, server: flags.server, encrypted, ending: 'stop', say },
    life,
  );
  if (encrypted) rememberEncryption(folder);
  keepWorker(platform, life);
  say(`Temporal   ${platform.temporal.address}, Web UI ${platform.temporal.uiUrl}`);
  say(`local AWS  ${platform.awsUrl}, whose S3 is the folder ${platform.s3Folder}`);
  if (platform.codecEndpoint !== undefined) {
    say(`codec      ${platform.codecEndpoint}, log in ${join(folder, 'codec-server.log')}`);
  }
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
  say(`For aws-health-workflows${encrypted ? ' and temporal' : ''}, there too:\n\n${exportCommand()}\n`);
  if (encrypted) say(`${whatEncryptionShows(platform, flags.server !== undefined)}\n`);
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
  return temporalCommand(['workflow', 'start', ...where, ...what], onPath ? 'temporal' : program);
}

/** What somebody sees in the Web UI and in the Temporal CLI while payloads are encrypted, and where to see what is stored. */
function whatEncryptionShows({ temporal, codecEndpoint }: Platform, isExisting: boolean): string {
  const webUi = isExisting
    ? `The Web UI shows them once you have entered ${codecEndpoint} there, at the glasses icon.`
    : `The Web UI shows them, because it asks the codec server to decrypt them. Opened as ${aliasOf(temporal.uiUrl)}, it shows what Temporal stores: the codec server answers only pages of the other address.`;
  return [
    'Inputs, results, failures and the names of steps are encrypted with the key alias/payloads of the local KMS before Temporal stores them.',
    webUi,
    'temporal shows them with --codec-endpoint, or after this export line. More: docs/encryption.md',
  ].join('\n');
}

/** The same page by another name of this machine. */
const aliasOf = (url: string) => url.replace(loopback, 'localhost');

/**
 * The `export` command that points a shell to these servers only. The AWS CLI reads AWS_DEFAULT_REGION, not AWS_REGION, and
 * prefixes the host name of some operations (`runtime-`) unless this is turned off.
 */
function exportCommand(): string {
  const names = [
    'TEMPORAL_ADDRESS',
    'TEMPORAL_NAMESPACE',
    ...(process.env['PAYLOAD_KEYS'] ? ['TEMPORAL_CODEC_ENDPOINT', 'PAYLOAD_KEYS'] : []),
    'AWS_ENDPOINT_URL',
    'AWS_DISABLE_HOST_PREFIX_INJECTION',
    'AWS_REGION',
    'AWS_DEFAULT_REGION',
    'AWS_ACCESS_KEY_ID',
    'AWS_SECRET_ACCESS_KEY',
  ];
  return `export ${names.map((name) => shellCommand(`${name}=${process.env[name]}`)).join(' ')}`;
}
