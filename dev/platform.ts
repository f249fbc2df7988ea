/** What flows run on, all on this machine: a Temporal server, the local AWS, a worker, each in a process of its own. */
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
  /** All state and all logs. */
  readonly folder: string;
  readonly taskQueue: string;
  /** The value of the flag `--server`. */
  readonly server: string | undefined;
  /** Settings for the worker alone. */
  readonly workerSettings?: Readonly<Record<string, string>>;
  /** How the processes end: `stop` where somebody will go on with their state. */
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
 * Starts the servers, and points this process at them, and at nothing else. They end with its life, and it ends when one
 * of them crashes.
 */
export async function startPlatform(options: PlatformOptions, life: Life): Promise<Platform> {
  const { folder, taskQueue, server, workerSettings = {}, say } = options;
  const existing = await existingTemporal(server, taskQueue, say);
  // A program may have to be fetched through proxies that nothing after this may see.
  const program = existing ? undefined : await findTemporalProgram({ say });
  isolateEnvironment({ keepTemporal: existing !== undefined });
  makeDataFolder(folder);
  const endWithUs = ender(life, options.ending);
  const need = <Needed extends Child>(child: Needed): Needed => {
    void child.crashed.then(life.fail);
    return endWithUs(child);
  };
  const startNode = (name: string, script: string, args: readonly string[], env = process.env): Child => {
    const path = join(import.meta.dirname, '..', script);
    return startChild(process.execPath, [path, ...args], { name, logFile: join(folder, `${name}.log`), env });
  };

  // The local AWS first, as it alone sees that another process works on this folder.
  const dataFolder = join(folder, 'aws');
  const startAws = async () => {
    const port = await freePort(4566, 'the local AWS', say);
    const child = startNode('local-aws', 'local-aws/main.js', ['--port', String(port), '--data', dataFolder]);
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
    startWorker: () =>
      endWithUs(startNode('worker', 'src/worker.js', [], { ...process.env, ...workerSettings })),
  };
}

/** All of them at once: none waits for another's grace. */
function ender({ defer }: Life, ending: 'stop' | 'kill') {
  const children: Child[] = [];
  defer(() => Promise.all(children.map((child) => child[ending]())));
  return <Started extends Child>(child: Started): Started => {
    children.push(child);
    return child;
  };
}
