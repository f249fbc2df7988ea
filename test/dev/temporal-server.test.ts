import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { freePort } from '../../dev/ports.ts';
import { startTemporalServer, type TemporalServer } from '../../dev/temporal-server.ts';

describe('startTemporalServer', () => {
  const folder = mkdtempSync(join(tmpdir(), 'server-test-'));
  const dbFilename = join(folder, 'temporal.db');
  const program = process.env['AHW_TEST_TEMPORAL'];
  const start = (more = {}) =>
    startTemporalServer({ dbFilename, port: 0, uiPort: 0, ...(program ? { program } : {}), ...more });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('serves runs and a Web UI, and keeps the runs over a SIGKILL and a restart on the same ports', async () => {
    const first = await start();
    const page = await fetch(first.uiUrl);
    expect(page.status).toBe(200);
    await withClient(first, (client) =>
      client.workflow.start('any', { workflowId: 'kept', taskQueue: 'nobody' }),
    );
    await first.kill();

    const port = Number(first.address.split(':')[1]);
    const second = await start({ port, headless: true });
    expect(second.address).toBe(first.address);
    const run = await withClient(second, (client) => client.workflow.getHandle('kept').describe());
    expect(run.status.name).toBe('RUNNING');
    await second.stop();
    await expect(second.exited).resolves.toBe(0);
  });

  it('uses the next free port if the preferred one is in use, and says so', async () => {
    const port = await freePort(17_233);
    const holder = createServer();
    await once(holder.listen(port, '127.0.0.1'), 'listening');
    const said: string[] = [];
    const server = await start({ port, headless: true, say: (line: string) => void said.push(line) });
    expect(said).toEqual([expect.stringMatching(`^Port ${port} is taken: Temporal listens on \\d+`)]);
    await server.kill();
    holder.close();
  });

  it('assigns different ports to two servers that start at the same time', async () => {
    const port = await freePort(17_333);
    const say = () => {};
    const both = ['a.db', 'b.db'].map((name) =>
      start({ dbFilename: join(folder, name), port, headless: true, say }),
    );
    const [first, second] = (await Promise.all(both)) as [TemporalServer, TemporalServer];
    expect(first.address).not.toBe(second.address);
    expect([first.isRunning(), second.isRunning()]).toEqual([true, true]);
    await Promise.all([first.kill(), second.kill()]);
  });
});

async function withClient<T>(server: TemporalServer, use: (client: Client) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address: server.address });
  try {
    return await use(new Client({ connection }));
  } finally {
    await connection.close();
  }
}
