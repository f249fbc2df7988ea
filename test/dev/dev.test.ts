import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
    await end(first);

    const second = new Command('dev/dev.js', ['--data', folder]);
    const [another] = await second.writes(startLine);
    expect(another.replace(/.*--input/, '')).not.toBe(command.replace(/.*--input/, ''));
    expect(copy(another)).toMatchObject({ imageSetWorkflowStatus: 'COPIED' });
    await end(second);
  }, 120_000);
});

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
