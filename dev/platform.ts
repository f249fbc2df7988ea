/** The platform on this machine: a Temporal server, the local AWS and a worker, each a separate process. */
import { join } from 'node:path';
import { makeDataFolder } from '../local-aws/data-folder.ts';
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
  /** Environment variables of the worker only. */
  readonly workerSettings?: Readonly<Record<string, string>>;
  /** How to end the processes: with `stop` if their state is used again later. */
  readonly ending: 'stop' | 'kill';
  readonly say: Say;
}

export interface Platform {
  readonly temporal: TemporalLocation;
  readonly awsUrl: string;
  /** The folder that stands for S3. */
  readonly s3Folder: string;
  readonly startWorker: () => Child;
}

/**
 * Starts the servers, and points this process to them only. They end with this process, and it ends if one of them crashes.
 */
export async function startPlatform(options: PlatformOptions, life: Life): Promise<Platform> {
  const { folder, taskQueue, server, workerSettings = {}, say } = options;
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
  const startCommand = (name: 'worker' | 'local-aws', args: readonly string[], env = process.env): Child =>
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
  const temporal = existing ?? need(await startTemporalServer({ program, dbFilename, say }));
  const { address, namespace } = temporal;
  useServers({ address, namespace, awsUrl: aws.url, taskQueue });
  return {
    temporal,
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
