import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { required } from '../support/cluster.ts';
import { Command } from './command.ts';

const startLine = /^.*temporal workflow start .*$/m;

describe('npm run dev', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dev-test-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('prints a command that starts a copy, and on the same folder again one that works again', async () => {
    const first = new Command('dev/dev.js', ['--data', folder]);
    const [command] = await first.writes(startLine);
    expect(copy(command)).toMatchObject({
      imageSetWorkflowStatus: 'COPIED',
      destinationLatestVersionId: '2',
    });
    const [, address = ''] = /--address (\S+)/.exec(command) ?? [];
    const [exports] = await first.writes(/^export .*$/m);
    const id = importOfSamples(address);
    for (const line of readmeCommands()) {
      expect([line, runCli(line.replace('…', id), exports)]).toEqual([line, 0]);
    }
    await end(first);

    const second = new Command('dev/dev.js', ['--data', folder]);
    const [another] = await second.writes(startLine);
    expect(another.replace(/.*--input/, '')).not.toBe(command.replace(/.*--input/, ''));
    expect(copy(another)).toMatchObject({ imageSetWorkflowStatus: 'COPIED' });
    await end(second);
  }, 120_000);
});

/** The commands of our own command line that the README shows; `…` stands for the id of a run. */
function readmeCommands(): string[] {
  const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
  const commands = readme.match(/^npx aws-health-workflows .*$/gm) ?? [];
  expect(commands.length).toBeGreaterThan(2);
  return commands;
}

/** The run by which `npm run dev` has imported its samples. */
function importOfSamples(address: string): string {
  const query = 'WorkflowType = "onboardDatastoreAndImport"';
  const args = ['workflow', 'list', '--address', address, '--query', query, '--output', 'json'];
  const listed = execFileSync(required('AHW_TEST_TEMPORAL'), args, { encoding: 'utf8' });
  const [run] = JSON.parse(listed) as { execution: { workflowId: string } }[];
  return run?.execution.workflowId ?? '';
}

/** The exit code of a command line as the README has it, beside `npm run dev`. */
function runCli(command: string, exports: string): number | null {
  const [, , ...args] = command.split(' ');
  const cli = join(import.meta.dirname, '../../dist/src/cli.js');
  return spawnSync('sh', ['-c', `${exports}; exec "$@"`, 'sh', process.execPath, cli, ...args], {
    stdio: 'ignore',
  }).status;
}

/** Runs the command as it was printed, but waits for the result. */
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
