/** What flows run on, all on this machine: a Temporal server, the local AWS, a worker, each in a process of its own. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { UserError } from '../src/user-error.ts';
import { type Child, startChild } from './children.ts';
import { useServers } from './environment.ts';
import { freePort, loopback } from './ports.ts';
import type { Life } from './run-process.ts';
import type { Say } from './say.ts';
import type { TemporalLocation } from './temporal-choice.ts';
import { startTemporalServer } from './temporal-server.ts';

export interface PlatformOptions {
  /** All state and all logs. */
  readonly folder: string;
  readonly taskQueue: string;
  /** A Temporal server that is there already. */
  readonly temporal?: TemporalLocation | undefined;
  readonly say: Say;
}

export interface Platform {
  readonly temporal: TemporalLocation;
  readonly awsUrl: string;
  /** The folder that stands for S3. */
  readonly s3Folder: string;
  readonly startWorker: () => Child;
}

/** Starts the servers, and points this process at them. They end with its life, and it ends when one of them crashes. */
export async function startPlatform(options: PlatformOptions, { defer, fail }: Life): Promise<Platform> {
  const { folder, taskQueue, say } = options;
  mkdirSync(folder, { recursive: true });
  const children: Child[] = [];
  defer(() => Promise.all(children.map((child) => child.stop())));
  const startOwn = (name: string, script: string, args: readonly string[] = []): Child => {
    const path = join(import.meta.dirname, '..', script);
    const child = startChild(process.execPath, [path, ...args], {
      name,
      logFile: join(folder, `${name}.log`),
    });
    children.push(child);
    return child;
  };
  const startTemporal = async (): Promise<TemporalLocation> => {
    const server = await startTemporalServer({ dbFilename: join(folder, 'temporal.db'), say });
    void server.crashed.then(fail);
    children.push(server);
    return server;
  };

  // First, as it alone sees that another process works on this folder.
  const port = await freePort(4566, 'the local AWS', say);
  const awsUrl = `http://${loopback}:${port}`;
  const dataFolder = join(folder, 'aws');
  const aws = startOwn('local-aws', 'local-aws/main.js', ['--port', String(port), '--data', dataFolder]);
  void aws.crashed.then(fail);
  await listens(awsUrl, aws);
  const temporal = options.temporal ?? (await startTemporal());
  useServers({ temporalAddress: temporal.address, awsUrl, taskQueue });
  return {
    temporal,
    awsUrl,
    s3Folder: join(dataFolder, 's3'),
    startWorker: () => startOwn('worker', 'src/worker.js'),
  };
}

/** Any answer will do. That the server may end instead is its crash's business. */
async function listens(url: string, server: Child): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await fetch(url).then(Boolean, () => false))) {
    if (Date.now() > deadline)
      throw new UserError(`${server.name} does not answer at ${url}:\n${server.lastWords()}`);
    await pause(50);
  }
}
