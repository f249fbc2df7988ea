/** The platform on this machine: a Temporal server, the local AWS and a worker, each a separate process. */
import { join } from 'node:path';
import { makeDataFolder } from '../local-aws/data-folder.ts';
import { CODEC_SERVER_PORT } from '../src/temporal/codec-endpoint.ts';
import { type Child, startChild } from './children.ts';
import { isolateEnvironment, useServers } from './environment.ts';
import { freePort, loopback } from './ports.ts';
import type { Life } from './run-process.ts';
import type { Say } from './say.ts';
import { startServer } from './start-server.ts';
import { existingTemporal, type TemporalLocation } from './temporal-choice.ts';
import { findTemporalProgram } from './temporal-program.ts';
import { startTemporalServer } from './temporal-server.ts';

export interface PlatformOptions {
  /** The folder of all state and all logs. */
  readonly folder: string;
  readonly taskQueue: string;
  /** The value of the flag `--server`. */
  readonly server: string | undefined;
  /** Encrypt payloads with a key of the local KMS, and start a codec server. */
  readonly encrypted?: boolean;
  /** Environment variables of the worker only. */
  readonly workerSettings?: Readonly<Record<string, string>>;
  /** How to end the processes: with `stop` if their state is used again later. */
  readonly ending: 'stop' | 'kill';
  readonly say: Say;
}

/** The commands of this package that are part of the platform. */
type CommandName = 'worker' | 'local-aws' | 'codec-server';

/** The local KMS makes this key when it is first used, and keeps it in the data folder. */
const LOCAL_PAYLOAD_KEYS = 'kms:alias/payloads';

export interface Platform {
  readonly temporal: TemporalLocation;
  readonly awsUrl: string;
  /** The folder that stands for S3. */
  readonly s3Folder: string;
  /** The URL of the codec server; absent if payloads are not encrypted. */
  readonly codecEndpoint?: string;
  readonly startWorker: () => Child;
}

/**
 * Starts the servers, and points this process to them only. They end with this process, and it ends if one of them crashes.
 */
export async function startPlatform(options: PlatformOptions, life: Life): Promise<Platform> {
  const { folder, taskQueue, server, encrypted = false, workerSettings = {}, say } = options;
  const existing = await existingTemporal(server, taskQueue, say);
  // Before the environment is isolated, because a download may need the user's proxies.
  const program = existing ? undefined : await findTemporalProgram({ say });
  isolateEnvironment({ keepTemporal: existing !== undefined });
  makeDataFolder(folder);
  const endWithUs = ender(life, options.ending);
  const need = <Needed extends Child>(child: Needed): Needed => {
    void child.crashed.then(life.fail);
    return endWithUs(child);
  };
  const cli = join(import.meta.dirname, '../src/cli.js');
  const startCommand = (name: CommandName, args: readonly string[], env = process.env): Child =>
    startChild(process.execPath, [cli, name, ...args], { name, logFile: join(folder, `${name}.log`), env });

  // The local AWS starts first, because it detects another process that uses the same folder.
  const dataFolder = join(folder, 'aws');
  const startAws = async () => {
    const port = await freePort(4566, 'the local AWS', say);
    const child = startCommand('local-aws', ['--port', String(port), '--data', dataFolder]);
    return { ...child, url: `http://${loopback}:${port}` };
  };
  const aws = need(await startServer(startAws, async ({ output, url }) => output().includes(url)));
  const dbFilename = join(folder, 'temporal.db');
  // The Web UI and the codec server must each be told where the other one is, so the port is chosen before either of them starts.
  const codecPort = encrypted ? await freePort(CODEC_SERVER_PORT, 'the codec server', say) : undefined;
  const codecEndpoint = codecPort === undefined ? undefined : `http://${loopback}:${codecPort}`;
  const temporal = existing ?? need(await startTemporalServer({ program, dbFilename, codecEndpoint, say }));
  const { address, namespace } = temporal;
  const encryption = codecEndpoint ? { keys: LOCAL_PAYLOAD_KEYS, codecEndpoint } : undefined;
  useServers({ address, namespace, awsUrl: aws.url, taskQueue, encryption });
  if (codecEndpoint) {
    const start = async () =>
      startCommand('codec-server', ['--port', String(codecPort), '--ui-origin', temporal.uiUrl]);
    need(await startServer(start, async ({ output }) => output().includes(codecEndpoint)));
  }
  return {
    temporal,
    ...(codecEndpoint && { codecEndpoint }),
    awsUrl: aws.url,
    s3Folder: join(dataFolder, 's3'),
    startWorker: () => endWithUs(startCommand('worker', [], { ...process.env, ...workerSettings })),
  };
}

/** Ends all processes at the same time, so that their grace periods do not add up. */
function ender({ defer }: Life, ending: 'stop' | 'kill') {
  const children: Child[] = [];
  defer(() => Promise.all(children.map((child) => child[ending]())));
  return <Started extends Child>(child: Started): Started => {
    children.push(child);
    return child;
  };
}
