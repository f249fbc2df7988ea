/** Starts a server on ports that were free a moment ago. */
import { setTimeout as pause } from 'node:timers/promises';
import { UserError } from '../src/lib/user-error.ts';
import type { Child } from './children.ts';

/**
 * Starts a server and waits until it serves. One that ends instead is started again, on ports chosen anew: another
 * process may have taken one between our look and the server's bind.
 *
 * @param serves - whether it does; to be told by its own output too, as on its port it may be another that answers
 */
export async function startServer<Server extends Child>(
  start: () => Promise<Server>,
  serves: (server: Server) => Promise<boolean>,
): Promise<Server> {
  for (let attempt = 1; ; attempt += 1) {
    const server = await start();
    if (await comesUp(server, serves)) return server;
    await server.kill();
    // Somebody else on our folder will be there at the next attempt as well.
    const hopeless = server.lastWords().includes('in use by another');
    if (attempt === 3 || hopeless)
      throw new UserError(`${server.name} does not start:\n${server.lastWords()}`);
  }
}

async function comesUp<Server extends Child>(
  server: Server,
  serves: (server: Server) => Promise<boolean>,
): Promise<boolean> {
  const deadline = Date.now() + 30_000;
  while (server.isRunning() && Date.now() < deadline) {
    if (await serves(server).catch(() => false)) return true;
    await pause(50);
  }
  return false;
}
