/** Starts a server on free ports. */
import { setTimeout as pause } from 'node:timers/promises';
import { UserError } from '../src/lib/user-error.ts';
import type { Child } from './children.ts';

/**
 * Starts a server and waits until it accepts requests. If it exits instead, starts it again on other ports, because another
 * process may have bound a port between our check and the server's start.
 *
 * @param serves - whether the server accepts requests. It must also check the server's output, because another process may
 *   answer on the same port.
 */
export async function startServer<Server extends Child>(
  start: () => Promise<Server>,
  serves: (server: Server) => Promise<boolean>,
): Promise<Server> {
  for (let attempt = 1; ; attempt += 1) {
    const server = await start();
    if (await comesUp(server, serves)) return server;
    await server.kill();
    // Another process uses our folder. A retry would fail for the same reason.
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
