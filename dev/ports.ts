/** Chooses the TCP ports of our servers. */
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { UserError } from '../src/lib/user-error.ts';
import { type Say, sayOnStderr } from './say.ts';

/** All our servers listen on this address, which only this machine can reach. */
export const loopback = '127.0.0.1';

/** The first free port from `preferred` up. If it is not the preferred one, a line says so. 0 selects any free port. */
export async function freePort(
  preferred: number,
  what = 'The server',
  say: Say = sayOnStderr,
): Promise<number> {
  if (preferred === 0) return (await listen(0, loopback)) as number;
  for (let port = preferred; port < preferred + 100; port += 1) {
    if (!(await isFree(port))) continue;
    if (port !== preferred) say(`Port ${preferred} is taken: ${what} listens on ${port}.`);
    return port;
  }
  throw new UserError(`Ports ${preferred} to ${preferred + 99} are all taken: free one of them.`);
}

/** On some systems a port that is bound on all addresses can still be bound on one, and the other way round, so both are tried. */
async function isFree(port: number): Promise<boolean> {
  return (await listen(port, loopback)) !== undefined && (await listen(port, '0.0.0.0')) !== undefined;
}

/** Listens on a port for a moment, and returns its number; undefined if that fails. */
async function listen(port: number, host: string): Promise<number | undefined> {
  const server = createServer();
  try {
    await once(server.listen({ port, host, exclusive: true }), 'listening');
  } catch {
    return undefined;
  }
  const address = server.address() as AddressInfo;
  await once(server.close(), 'close');
  return address.port;
}
