/** Which Temporal server the demo and `npm run dev` use: one of their own, or one that is there. */
import { Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { isLoopback } from '../src/loopback.ts';
import { UserError } from '../src/user-error.ts';
import type { Say } from './say.ts';

export interface TemporalLocation {
  readonly address: string;
  readonly uiUrl: string;
  /** The Temporal CLI, where it is known. */
  readonly program?: string;
}

/**
 * The server that `TEMPORAL_ADDRESS` names if it is on this machine, any other only if it is asked for: runs of a demo
 * have no place among somebody's production runs. Undefined where we are to start our own.
 */
export async function existingTemporal(
  server: string | undefined,
  say: Say,
): Promise<TemporalLocation | undefined> {
  if (server !== undefined && server !== 'existing') {
    throw new UserError(`--server ${server} is not known. It goes: --server existing`);
  }
  const asked = server === 'existing';
  const named = process.env['TEMPORAL_ADDRESS'];
  if (!asked && named === undefined) return undefined;
  if (!asked && named !== undefined && !isLoopback(named)) {
    say(
      `TEMPORAL_ADDRESS=${named} is not on this machine and is ignored. To use it all the same: --server existing`,
    );
    return undefined;
  }
  const { address = 'localhost:7233', ...options } = connectionOptions();
  const unreachable = await Connection.connect({ address, ...options, connectTimeout: 3_000 }).then(
    (connection) => connection.close(),
    (error: Error) => error,
  );
  if (unreachable === undefined) return { address, uiUrl: likelyUiUrl(address) };
  if (asked) throw new UserError(`No Temporal server answers at ${address}: ${unreachable.message}`);
  say(`No Temporal server answers at TEMPORAL_ADDRESS=${address}: starting one.`);
  return undefined;
}

function connectionOptions() {
  try {
    return loadClientConnectConfig().connectionOptions;
  } catch (error) {
    const [reason] = String(error).split('\n');
    throw new UserError(`TEMPORAL_* or temporal.toml cannot be read: ${reason}`);
  }
}

/** The development server has its Web UI a thousand ports up; nobody tells where others have theirs. */
function likelyUiUrl(address: string): string {
  const { hostname, port } = new URL(`http://${address}`);
  return `http://${hostname}:${Number(port || 7233) + 1_000}`;
}
