/** Chooses the Temporal server for the demo and `npm run dev`: an existing one, or one that they start. */
import { Connection } from '@temporalio/client';
import { describeTaskQueue } from '../src/temporal/task-queue-pollers.ts';
import { readTemporalConfig } from '../src/temporal/temporal-config.ts';
import { UserError } from '../src/lib/user-error.ts';
import type { Say } from './say.ts';

export interface TemporalLocation {
  readonly address: string;
  readonly namespace: string;
  readonly uiUrl: string;
  /** The path of the Temporal CLI, if it is known. */
  readonly program?: string;
}

/**
 * The server in the Temporal configuration (`TEMPORAL_*`, `temporal.toml`), if the user requests it with `--server existing`.
 * It is never the default, not even on this machine: a shell may still have the address of another `npm run dev`, or of a
 * port-forward to production.
 *
 * @param server - the value of the flag `--server`
 * @param taskQueue - the task queue that our worker will poll
 * @returns undefined if the caller must start its own server
 * @throws UserError if the server cannot be reached, or another worker polls the task queue
 */
export async function existingTemporal(
  server: string | undefined,
  taskQueue: string,
  say: Say,
): Promise<TemporalLocation | undefined> {
  if (server === undefined) {
    const named = process.env['TEMPORAL_ADDRESS'];
    if (named !== undefined) {
      say(
        `TEMPORAL_ADDRESS=${named} is ignored: a new server is started. To use that one: --server existing`,
      );
    }
    return undefined;
  }
  const { address, namespace, connectionOptions } = readTemporalConfig();
  const options = { ...connectionOptions, address, connectTimeout: 3_000 };
  const connection = await Connection.connect(options).catch((error: Error) => {
    throw new UserError(
      `No Temporal server answers at ${address} (${error.message}). Without --server existing, one is started.`,
    );
  });
  try {
    const worker = await foreignWorker(connection, namespace, taskQueue);
    if (worker !== undefined) {
      throw new UserError(
        `A worker (${worker}) polls task queue ${taskQueue} at ${address}, namespace ${namespace}: runs would be ` +
          'shared between it and ours, which have different AWS. Stop it and try again after a minute and a half, ' +
          'or omit --server existing to start a new server.',
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

/** The development server has its Web UI at the port plus 1000. Temporal does not report where other servers have theirs. */
function likelyUiUrl(address: string): string {
  const { hostname, port } = new URL(`http://${address}`);
  return `http://${hostname}:${Number(port || 7233) + 1_000}`;
}
