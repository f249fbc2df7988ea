/** The whole platform as separate processes, each of which can be killed and restarted with its state. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { startChild, type Child } from '../../dev/children.ts';
import { freePort } from '../../dev/ports.ts';
import { promptTimers, startTemporalServer } from '../../dev/temporal-server.ts';
import { FlowClient } from '../../src/client.ts';
import { clientsOf, instant } from '../local-aws/harness.ts';
import { awsEnvironment, required, startWorker } from '../support/cluster.ts';

export type Victim = 'worker' | 'Temporal server' | 'local AWS';
export const VICTIMS: readonly Victim[] = ['worker', 'Temporal server', 'local AWS'];

const cli = join(import.meta.dirname, '../../dist/src/cli.js');
const taskQueue = 'durability';

export type Platform = Awaited<ReturnType<typeof startPlatform>>;

/** Starts everything. Each process has its state on disk and a fixed port, so that a new one can replace it. */
export async function startPlatform() {
  const folder = mkdtempSync(join(tmpdir(), 'durability-'));
  const data = join(folder, 'aws');
  const ports = { temporal: await freePort(0), aws: await freePort(0) };
  const endpoint = `http://127.0.0.1:${ports.aws}`;
  const address = `127.0.0.1:${ports.temporal}`;

  const launch: Record<Victim, () => Promise<Child>> = {
    'local AWS': async () => {
      const settings = Object.entries(instant).flatMap(([name, value]) => ['--set', `${name}=${value}`]);
      const args = ['local-aws', '--port', String(ports.aws), '--data', data, ...settings];
      const answers = () => fetch(endpoint).then(Boolean, () => false);
      const logFile = join(folder, 'local AWS.log');
      return ready(startChild(process.execPath, [cli, ...args], { name: 'local AWS', logFile }), answers);
    },
    'Temporal server': () =>
      startTemporalServer({
        program: required('AHW_TEST_TEMPORAL'),
        dbFilename: join(folder, 'temporal.db'),
        port: ports.temporal,
        headless: true,
        dynamicConfig: [promptTimers],
      }),
    worker: () => {
      const child = startWorker({
        ...awsEnvironment(endpoint),
        TEMPORAL_ADDRESS: address,
        TEMPORAL_TASK_QUEUE: taskQueue,
      });
      // A worker that cannot reach the Temporal server at its start exits, and no test would restart it.
      return ready(child, () => Promise.resolve(child.output().includes('Worker is polling')));
    },
  };

  const running = {
    'local AWS': await launch['local AWS'](),
    'Temporal server': await launch['Temporal server'](),
    worker: await launch.worker(),
  };
  const connection = await Connection.connect({ address });
  const aws = clientsOf(endpoint);
  return {
    aws,
    data,
    flows: new FlowClient(new Client({ connection }), taskQueue),
    /** Kills processes with SIGKILL, and then starts new ones, in this order. */
    async killAndRestart(...victims: readonly Victim[]): Promise<void> {
      await Promise.all(victims.map((victim) => running[victim].kill()));
      for (const victim of victims) running[victim] = await launch[victim]();
    },
    async stop(): Promise<void> {
      await connection.close();
      for (const client of [aws.imaging, aws.healthlake, aws.s3]) client.destroy();
      await Promise.all(Object.values(running).map((child) => child.kill()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Waits until a process accepts requests. */
async function ready(child: Child, serves: () => Promise<boolean>): Promise<Child> {
  while (!(await serves())) {
    if (!child.isRunning()) throw new Error(child.lastWords());
    await pause(20);
  }
  return child;
}
