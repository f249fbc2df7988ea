/**
 * Loaded into a worker by `node --expose-gc --import`: a request to `MEMORY_PORT` collects all garbage, and answers how much memory
 * the process has then. Node loads this file into the threads of the process too, each of which collects its own garbage.
 */
import { createServer } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { BroadcastChannel, isMainThread } from 'node:worker_threads';

const threads = new BroadcastChannel('collect garbage');
threads.unref();

if (isMainThread) {
  const server = createServer((_, response) => {
    void collected().then((memory) => response.end(JSON.stringify(memory)));
  });
  server.listen(Number(process.env['MEMORY_PORT']), '127.0.0.1').unref();
} else threads.addEventListener('message', () => globalThis.gc?.());

/** In MB. The threads do not say when they have collected theirs. */
async function collected(): Promise<{ resident: number; heap: number }> {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- that rule is for the windows of a browser
  threads.postMessage('now');
  globalThis.gc?.();
  await pause(500);
  const { rss, heapUsed } = process.memoryUsage();
  return { resident: rss / 1_000_000, heap: heapUsed / 1_000_000 };
}
