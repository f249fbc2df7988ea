/** Which Temporal server the demo and `npm run dev` use: one of their own, or one that is there. */
import { hostname } from 'node:os';
import { Connection } from '@temporalio/client';
import { isRecord } from '../src/guards.ts';
import { readTemporalConfig } from '../src/temporal-config.ts';
import { UserError } from '../src/user-error.ts';
import type { Say } from './say.ts';

export interface TemporalLocation {
  readonly address: string;
  readonly uiUrl: string;
  /** The Temporal CLI, where it is known. */
  readonly program?: string;
}

/**
 * The server that the Temporal configuration names (`TEMPORAL_*`, `temporal.toml`), only if it is asked for. By default
 * it is not used, not even on this machine: a shell may still hold the address of another `npm run dev`, or of a
 * port-forward to production.
 *
 * @param server - the value of the flag `--server`
 * @param taskQueue - the one that we are going to poll
 * @returns undefined where we are to start our own
 * @throws UserError when no server answers, or when a worker of somebody else polls the task queue
 */
export async function existingTemporal(
  server: string | undefined,
  taskQueue: string,
  say: Say,
): Promise<TemporalLocation | undefined> {
  if (server === undefined) {
    const named = process.env['TEMPORAL_ADDRESS'];
    if (named !== undefined) {
      say(`TEMPORAL_ADDRESS=${named} is not used, but a server of our own. To use it: --server existing`);
    }
    return undefined;
  }
  if (server !== 'existing')
    throw new UserError(`--server ${server} is not known. It goes: --server existing`);
  const { address, namespace, connectionOptions } = readTemporalConfig();
  const options = { ...connectionOptions, address, connectTimeout: 3_000 };
  const connection = await Connection.connect(options).catch((error: Error) => {
    throw new UserError(
      `No Temporal server answers at ${address} (${error.message}). Without --server existing one is started.`,
    );
  });
  try {
    const worker = await foreignWorker(connection, namespace, taskQueue);
    if (worker !== undefined) {
      throw new UserError(
        `A worker (${worker}) polls task queue ${taskQueue} at ${address}, namespace ${namespace}: runs would be ` +
          'shared between it and ours, which have different AWS. Stop it and try again after a minute and a half, ' +
          'or leave out --server existing to have a server of our own.',
      );
    }
  } finally {
    await connection.close();
  }
  return { address, uiUrl: likelyUiUrl(address) };
}

/** `TASK_QUEUE_TYPE_WORKFLOW` and `TASK_QUEUE_TYPE_ACTIVITY` of the Temporal API. */
const TASK_QUEUE_TYPES = [1, 2] as const;

/** A poll lasts a minute; the server lists a worker for five minutes after its last one. */
const POLLED_LATELY_MS = 90_000;

/** The identity of a worker that polls the task queue and may be alive. */
async function foreignWorker(
  connection: Connection,
  namespace: string,
  name: string,
): Promise<string | undefined> {
  for (const taskQueueType of TASK_QUEUE_TYPES) {
    const request = { namespace, taskQueue: { name }, taskQueueType };
    const { pollers } = await connection.workflowService.describeTaskQueue(request);
    for (const { identity, lastAccessTime } of pollers ?? []) {
      const polledAt = Number(lastAccessTime?.seconds ?? 0) * 1_000;
      if (identity && Date.now() - polledAt < POLLED_LATELY_MS && !hasEnded(identity)) return identity;
    }
  }
  return undefined;
}

/** Whether an identity as Temporal's SDKs make it by default, `PID@HOST`, is that of a process which is gone. */
function hasEnded(identity: string): boolean {
  const [, pid, host] = /^(\d+)@(.+)$/.exec(identity) ?? [];
  if (pid === undefined || host !== hostname()) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return isRecord(error) && error['code'] === 'ESRCH';
  }
}

/** The development server has its Web UI a thousand ports up; nobody tells where others have theirs. */
function likelyUiUrl(address: string): string {
  const { hostname, port } = new URL(`http://${address}`);
  return `http://${hostname}:${Number(port || 7233) + 1_000}`;
}
