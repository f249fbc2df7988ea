import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { existingTemporal } from '../../dev/temporal-choice.ts';
import { awsEnvironment, required, startTestServer, startWorker } from '../support/cluster.ts';
import { Command } from './command.ts';

const startLine = /^.*temporal workflow start .*$/m;

describe('npm run dev', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dev-test-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('prints a command that starts a copy, and after a restart on the same folder one that works too', async () => {
    // TEMPORAL_ADDRESS is set, as in a shell that has run the export line of another `npm run dev`. It must not be used.
    const others = '127.0.0.1:1';
    const first = new Command('dev/dev.js', ['--data', folder], { TEMPORAL_ADDRESS: others });
    await first.writes(/TEMPORAL_ADDRESS=127.0.0.1:1 is ignored: .* To use that one: --server existing/);
    const [command] = await first.writes(startLine);
    expect(copy(command)).toMatchObject({
      imageSetWorkflowStatus: 'COPIED',
      destinationLatestVersionId: '2',
    });
    const [, address = ''] = /--address (\S+)/.exec(command) ?? [];
    expect(address).not.toBe(others);
    const [exports] = await first.writes(/^export .*$/m);
    // The AWS CLI reads AWS_DEFAULT_REGION, not AWS_REGION. Without the second variable it would call `runtime-127.0.0.1`.
    expect(exports).toContain(' AWS_DEFAULT_REGION=us-east-1 ');
    expect(exports).toContain(' AWS_DISABLE_HOST_PREFIX_INJECTION=true ');
    const id = importOfSamples(address);
    for (const line of readmeCommands()) {
      expect([line, runCli(line.replace('…', id), exports)]).toEqual([line, 0]);
    }
    expect(first.stdout).not.toMatch(/viewer/i);
    await end(first);

    // Offline the viewer is there only if an earlier start or another test has brought it, perhaps at this moment.
    const isHere = existsSync(join(import.meta.dirname, '../../.local/ohif/3.12.10'));
    const offline = { npm_config_registry: 'http://127.0.0.1:1' };
    const second = new Command('dev/dev.js', ['--data', folder, '--viewer'], offline);
    const [line = ''] = await second.writes(/^(The viewer is not here .*|viewer .*\n {11}\S+)$/m);
    const [link] = /http\S+StudyInstanceUIDs=[\d.]+$/.exec(line) ?? [];
    if (isHere) expect(link).toBeDefined();
    if (link !== undefined) {
      const [, url = '', datastoreId = ''] = /^(.*)\/viewer\/(\w+)/.exec(link) ?? [];
      expect(await (await fetch(`${url}/app-config.js`)).text()).toContain(`"sourceName": "${datastoreId}"`);
    }
    const [another] = await second.writes(startLine);
    expect(another.replace(/.*--input/, '')).not.toBe(command.replace(/.*--input/, ''));
    expect(copy(another)).toMatchObject({ imageSetWorkflowStatus: 'COPIED' });

    const [, aws] = /(\d+) .*cli\.js local-aws --port/.exec(second.family().join('\n')) ?? [];
    // Without a process id, the signal would go to the tests themselves.
    expect(aws).toMatch(/^[1-9]/);
    process.kill(Number(aws), 'SIGKILL');
    await expect(second.exited).resolves.toBe(1);
    expect(second.stderr).toMatch(/^local-aws was killed from outside \(SIGKILL\)\. Its log: .*\n$/);
    expect(second.family()).toEqual([]);
  }, 120_000);

  it('says in one line that it cannot create its data folder', async () => {
    writeFileSync(join(folder, 'file'), '');
    const dev = new Command('dev/dev.js', ['--data', join(folder, 'file/data')]);
    await expect(dev.exited).resolves.toBe(1);
    expect(dev.stderr).toMatch(
      /^The data folder .* cannot be used \(ENOTDIR.*\)\. Choose another by --data\.\n$/,
    );
  });

  it('refuses a task queue that another worker polls', async () => {
    const temporal = await startTestServer();
    const taskQueue = `test-${randomUUID()}`;
    const TEMPORAL_ADDRESS = temporal.address;
    const worker = startWorker({
      ...awsEnvironment('http://127.0.0.1:1'),
      TEMPORAL_ADDRESS,
      TEMPORAL_TASK_QUEUE: taskQueue,
    });
    await polled(TEMPORAL_ADDRESS, taskQueue);
    process.env['TEMPORAL_ADDRESS'] = TEMPORAL_ADDRESS;
    const choose = (queue: string) => existingTemporal('existing', queue, () => undefined);
    await expect(choose(taskQueue)).rejects.toThrow(
      new RegExp(
        `^A worker \\(${worker.pid}@.*\\) polls task queue ${taskQueue} at ${temporal.address}, .*Stop it`,
      ),
    );
    await expect(choose('another')).resolves.toMatchObject({ address: temporal.address });
    await worker.kill();
    // The server lists the dead worker for five minutes.
    await expect(choose(taskQueue)).resolves.toMatchObject({ address: temporal.address });
    delete process.env['TEMPORAL_ADDRESS'];
    await temporal.stop();
  }, 60_000);

  it.each([/Temporal {3}/, /worker {5}/, /samples {4}/])(
    'ends on Ctrl-C while the terminal shows %p, without a stack trace',
    async (moment) => {
      const { shown, code } = await interruptedOnTerminal(moment);
      expect({ shown, code }).toEqual({ shown: expect.not.stringMatching(/Error|ECONN|\n\s+at /), code: 0 });
    },
    60_000,
  );

  /** Runs `npm run dev` on a pseudo-terminal, and types Ctrl-C as soon as the output matches. */
  async function interruptedOnTerminal(moment: RegExp): Promise<{ shown: string; code: number | null }> {
    const python = 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))';
    const script = join(import.meta.dirname, '../../dist/dev/dev.js');
    const args = ['-c', python, process.execPath, script, '--data', folder];
    const terminal = spawn('python3', args, { stdio: ['pipe', 'pipe', 'inherit'] });
    let shown = '';
    let typed = false;
    terminal.stdout.on('data', (data) => {
      shown += String(data);
      if (!typed && moment.test(shown)) typed = terminal.stdin.write('\u0003') || true;
    });
    const [code] = (await once(terminal, 'close')) as [number | null];
    return { shown, code };
  }
});

/** Resolves once a worker polls the task queue. */
async function polled(address: string, name: string): Promise<void> {
  const connection = await Connection.connect({ address });
  const request = { namespace: 'default', taskQueue: { name }, taskQueueType: 1 } as const;
  for (;;) {
    const { pollers } = await connection.workflowService.describeTaskQueue(request);
    if (pollers?.length) break;
    await pause(50);
  }
  await connection.close();
}

/** The commands of `aws-health-workflows` in the README that end on their own. `…` stands for a workflow id. */
function readmeCommands(): string[] {
  const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
  const commands = readme.match(/^npx aws-health-workflows (?!worker$).*$/gm) ?? [];
  expect(commands.length).toBeGreaterThan(2);
  return commands;
}

/** The run with which `npm run dev` has imported its samples. */
function importOfSamples(address: string): string {
  const query = 'WorkflowType = "onboardDatastoreAndImport"';
  const args = ['workflow', 'list', '--address', address, '--query', query, '--output', 'json'];
  const listed = execFileSync(required('AHW_TEST_TEMPORAL'), args, { encoding: 'utf8' });
  const [run] = JSON.parse(listed) as { execution: { workflowId: string } }[];
  return run?.execution.workflowId ?? '';
}

/** Runs a command line of the README while `npm run dev` is running, and returns its exit code. */
function runCli(command: string, exports: string): number | null {
  const [, , ...args] = command.split(' ');
  const cli = join(import.meta.dirname, '../../dist/src/cli.js');
  return spawnSync('sh', ['-c', `${exports}; exec "$@"`, 'sh', process.execPath, cli, ...args], {
    stdio: 'ignore',
    // A command that does not end would stop all of jest: its own time limits do not interrupt a synchronous call.
    timeout: 60_000,
  }).status;
}

/** Runs the printed command, but waits for the result. */
function copy(command: string): unknown {
  const execute = command.replace('workflow start', '--output json workflow execute');
  const { result } = JSON.parse(execFileSync('sh', ['-c', execute], { encoding: 'utf8' })) as {
    result: unknown;
  };
  return result;
}

async function end(dev: Command): Promise<void> {
  dev.interrupt();
  await expect(dev.exited).resolves.toBe(0);
  expect(dev.family()).toEqual([]);
  expect(dev.stderr).toBe('');
}
