/** Which Temporal server the demo and `npm run dev` use: one of their own, or one that is there. */
import { Connection } from '@temporalio/client';
import { describeTaskQueue } from '../src/temporal/task-queue-pollers.ts';
import { readTemporalConfig } from '../src/temporal/temporal-config.ts';
import { UserError } from '../src/lib/user-error.ts';
import type { Say } from './say.ts';

export interface TemporalLocation {
  readonly address: string;
  readonly namespace: string;
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
  return { address, namespace, uiUrl: likelyUiUrl(address) };
}

/** The identity of a worker that polls the task queue and may be alive. */
async function foreignWorker(
  connection: Connection,
  namespace: string,
  taskQueue: string,
): Promise<string | undefined> {
  for (const type of ['workflow', 'activity'] as const) {
    const { pollers } = await describeTaskQueue(connection, namespace, taskQueue, type);
    const alive = pollers.find(({ mayBeAlive }) => mayBeAlive);
    if (alive) return alive.identity;
  }
  return undefined;
}

/** The development server has its Web UI a thousand ports up; nobody tells where others have theirs. */
function likelyUiUrl(address: string): string {
  const { hostname, port } = new URL(`http://${address}`);
  return `http://${hostname}:${Number(port || 7233) + 1_000}`;
}
