import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { Command } from './command.ts';

const stackTrace = /^\s+at .*:\d+/m;

describe('npm run demo', () => {
  it('runs the three flows although its ports are in use and other servers are configured, and prints a line of JSON for each', async () => {
    const holders = await Promise.all([7233, 8233, 4566].map(hold));
    const demo = new Command('dev/demo.js', ['--json'], {
      TEMPORAL_ADDRESS: 'temporal.example.com:7233',
      TEMPORAL_API_KEY: 'somebody’s',
      AWS_PROFILE: 'somebody',
      AWS_ENDPOINT_URL_MEDICAL_IMAGING: 'https://medical-imaging.example.com',
    });
    const code = await demo.exited;
    for (const holder of holders) holder.close();

    expect(demo.stderr).not.toMatch(stackTrace);
    expect([code, demo.stderr]).toEqual([0, expect.stringContaining('Import jobs that AWS has seen: 1')]);
    expect(demo.stderr).toMatch(
      /TEMPORAL_ADDRESS=temporal.example.com:7233 is ignored: a new server is started/,
    );
    for (const port of [7233, 8233, 4566])
      expect(demo.stderr).toMatch(new RegExp(`Port ${port} is taken: .* \\d+`));
    const lines = demo.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toEqual([
      ended('onboardDatastoreAndImport', {
        counts: expect.objectContaining({ scanned: 12, imported: 11 }),
        failures: expect.objectContaining({ listed: [expect.objectContaining({ file: 'dicom/notes.txt' })] }),
      }),
      ended('copyImageSet', { imageSetState: 'ACTIVE', imageSetWorkflowStatus: 'COPIED' }),
      ended('startImportAndWaitCompleted', {
        failures: expect.objectContaining({
          listed: [expect.objectContaining({ file: 'Observation.ndjson' })],
        }),
      }),
    ]);
    expect(demo.family()).toEqual([]);
  }, 120_000);

  it('ends on Ctrl-C, pressed twice, with exit code 130, and leaves nothing behind', async () => {
    const demo = new Command('dev/demo.js');
    await demo.writes(/pollImportJob/);
    expect(demo.family().length).toBeGreaterThan(3);
    demo.interrupt();
    demo.interrupt();
    await expect(demo.exited).resolves.toBe(130);
    await pause(100);
    expect(demo.family()).toEqual([]);
    expect(demo.stderr).toBe('');
  }, 60_000);

  it('rejects an unknown flag with one line that shows the usage', async () => {
    const demo = new Command('dev/demo.js', ['--jsno']);
    await expect(demo.exited).resolves.toBe(1);
    expect(demo.stderr.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^--jsno .*\[--json\] \[--keep\]/),
    ]);
  });
});

/** The JSON line of a flow that has completed. */
function ended(flow: string, result: object): object {
  return {
    flow,
    workflowId: expect.any(String),
    runId: expect.any(String),
    status: 'COMPLETED',
    result: expect.objectContaining(result),
    url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/namespaces\/default\/workflows\//),
  };
}

/** Listens on a port, unless another process already does. */
async function hold(port: number): Promise<Server> {
  const server = createServer();
  // `once` rejects on an error event, such as EADDRINUSE: then the port is in use too.
  await once(server.listen(port, '127.0.0.1'), 'listening').catch(() => undefined);
  return server;
}
