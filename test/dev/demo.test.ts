import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { CTRL_C, Pty } from '../support/pty.ts';
import { Command, familyOf } from './command.ts';

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

  describe('on a terminal', () => {
    const script = join(import.meta.dirname, '../../dist/dev/demo.js');
    const AHW_TEST_MARK = randomUUID();
    /** All processes of the terminal without the terminal itself and its shell. */
    const family = () =>
      familyOf(`AHW_TEST_MARK=${AHW_TEST_MARK}`).filter(
        (line) => !/^\s*\d+ +\S+ +\S+ +\S+ +(\S*\/)?(bash|python[\d.]*) /.test(line),
      );
    let terminal: Pty;
    beforeEach(async () => {
      terminal = new Pty({ ...process.env, AHW_TEST_MARK });
      await terminal.until(/ready> /);
    });
    afterEach(() => terminal.close());

    /** npm forwards a Ctrl-C that the terminal has already sent, and people press it twice. */
    async function interruptTwice(): Promise<void> {
      terminal.type(CTRL_C);
      terminal.type(CTRL_C);
      expect(await terminal.until(/ready> /)).not.toMatch(/Error|\n\s+at /);
      expect(await terminal.exitCode()).toBe(130);
      expect(family()).toEqual([]);
    }

    it('ends on Ctrl-C in the middle of an import with exit code 130, and leaves nothing behind', async () => {
      terminal.type(`"${process.execPath}" "${script}"\n`);
      await terminal.until(/pollImportJob/);
      expect(family().length).toBeGreaterThan(2);
      await interruptTwice();
    }, 60_000);

    it('leaves the servers running with --keep, until Ctrl-C', async () => {
      terminal.type(`"${process.execPath}" "${script}" --keep\n`);
      const shown = await terminal.until(/Ctrl-C ends it\./);
      const [, webUi = ''] = /Web UI (http\S+)/.exec(shown) ?? [];
      expect((await fetch(webUi)).status).toBe(200);
      await interruptTwice();
    }, 120_000);
  });

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
