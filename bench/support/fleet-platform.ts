/** Temporal, a local AWS and a worker, each a process of its own with its state on disk, so that any of them can be killed. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { startChild, type Child } from '../../dev/children.ts';
import { freePort } from '../../dev/ports.ts';
import { startServer } from '../../dev/start-server.ts';
import { promptTimers, startTemporalServer } from '../../dev/temporal-server.ts';
import { FlowClient } from '../../src/client.ts';

const CLI = join(import.meta.dirname, '../../src/cli.js');
const REPORTER = join(import.meta.dirname, 'memory-reporter.js');

/** A process that can be killed, and then starts again on the same state. */
export class Part {
  #child: Child;
  readonly #start: () => Promise<Child>;

  private constructor(child: Child, start: () => Promise<Child>) {
    this.#child = child;
    this.#start = start;
  }

  static async started(start: () => Promise<Child>): Promise<Part> {
    return new Part(await start(), start);
  }

  get name(): string {
    return this.#child.name;
  }

  /** The most memory that the process has had, in MB. */
  get peak(): number {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8');
    return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1_000;
  }

  /** By SIGKILL. */
  async killAndStart(): Promise<void> {
    await this.#child.kill();
    this.#child = await this.#start();
  }

  kill(): Promise<void> {
    return this.#child.kill();
  }

  isRunning(): boolean {
    return this.#child.isRunning();
  }

  exited(): Promise<number> {
    return this.#child.exited;
  }
}

/** @param settings - of the local AWS, as its flag `--set` takes them */
export async function startAws(folder: string, settings: Readonly<Record<string, string | number>>) {
  const port = await freePort(0);
  const endpoint = `http://127.0.0.1:${port}`;
  const data = join(folder, 'aws');
  const set = Object.entries(settings).flatMap(([name, value]) => ['--set', `${name}=${value}`]);
  const args = [process.execPath, CLI, 'local-aws', '--port', String(port), '--data', data, ...set];
  // AWS does not share its processors with those who call it: a local AWS that is late would throttle calls that came in time.
  // A user who may not raise priorities only gets a line in the log.
  const start = async () => startChild('nice', ['-n', '-10', ...args], log(folder, 'local AWS'));
  const part = await Part.started(() =>
    startServer(start, async ({ output }) => output().includes(endpoint)),
  );
  return { part, endpoint, data };
}

const log = (folder: string, name: string) => ({ name, logFile: join(folder, `${name}.log`) });

/** In MB. */
export interface Memory {
  readonly resident: number;
  readonly heap: number;
}

export interface WorkerStage {
  readonly flows: FlowClient;
  readonly temporal: Part;
  readonly worker: Part;
  /** The memory of the worker without garbage. */
  memory(): Promise<Memory>;
  stop(): Promise<void>;
}

/** Starts Temporal and a worker. @param endpoint - of AWS */
export async function startStage(folder: string, endpoint: string): Promise<WorkerStage> {
  const [port, memoryPort] = [await freePort(0), await freePort(0)];
  const address = `127.0.0.1:${port}`;
  const dbFilename = join(folder, 'temporal.db');
  const options = { headless: true, port, dbFilename, dynamicConfig: [promptTimers] };
  const temporal = await Part.started(() => startTemporalServer(options));
  const taskQueue = 'bench-fleet';
  const env = {
    ...process.env,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'bench',
    AWS_SECRET_ACCESS_KEY: 'bench',
    AWS_ENDPOINT_URL: endpoint,
    TEMPORAL_ADDRESS: address,
    TEMPORAL_TASK_QUEUE: taskQueue,
    ACTIVITY_START_TO_CLOSE: '5s',
    STICKY_SCHEDULE_TO_START: '500ms',
    MEMORY_PORT: String(memoryPort),
  };
  const args = ['--expose-gc', '--import', REPORTER, CLI, 'worker'];
  const worker = await Part.started(async () =>
    startChild(process.execPath, args, { ...log(folder, 'worker'), env }),
  );
  const connection = await Connection.connect({ address });
  return {
    flows: new FlowClient(new Client({ connection }), taskQueue),
    temporal,
    worker,
    memory: async () => JSON.parse(await (await fetch(`http://127.0.0.1:${memoryPort}`)).text()),
    async stop() {
      await connection.close();
      await worker.kill();
      await temporal.kill();
    },
  };
}

export interface RunSize {
  readonly events: number;
  readonly bytes: number;
  /** The largest payload, in bytes. */
  readonly payload: number;
}

/** How large the histories of all runs of a workflow id are. */
export async function sizesOf({ flows }: WorkerStage, workflowId: string): Promise<RunSize[]> {
  const { workflow } = flows.temporal;
  const sizes: RunSize[] = [];
  for await (const { runId } of workflow.list({ query: `WorkflowId = "${workflowId}"` })) {
    const handle = workflow.getHandle(workflowId, runId);
    const { events } = await handle.fetchHistory();
    const { raw } = await handle.describe();
    sizes.push({
      events: events?.length ?? 0,
      bytes: Number(raw.workflowExecutionInfo?.historySizeBytes),
      payload: Math.max(0, ...payloadsIn(events).map((data) => data.byteLength)),
    });
  }
  return sizes;
}

/** The data of all payloads, wherever they are in the events. */
function payloadsIn(value: unknown): Uint8Array[] {
  if (value instanceof Uint8Array) return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(payloadsIn);
}

export const say = (what: string, value: string | number): void => console.log(`${what.padEnd(62)}${value}`);
