import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { startChild } from '../../dev/children.ts';

describe('startChild', () => {
  const folder = mkdtempSync(join(tmpdir(), 'children-test-'));
  const logFile = join(folder, 'log');
  const start = (script: string) => startChild('/bin/sh', ['-c', script], { name: 'the child', logFile });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('returns the exit code of a program, and its last output', async () => {
    const child = start('echo out; echo err >&2; exit 7');
    await expect(child.exited).resolves.toBe(7);
    expect(child.isRunning()).toBe(false);
    expect(child.lastWords()).toBe('out\nerr');
    await child.stop();
    await child.kill();
  });

  it('reports an unexpected exit, without stack traces and without old output', async () => {
    const failed = start("printf 'wrong\\n    at file.js:1\\n'; exit 3");
    expect((await failed.crashed).message).toBe(
      `the child has ended with code 3 (its log: ${logFile}):\nwrong`,
    );
    const killed = start('echo old news; kill -KILL $$');
    expect((await killed.crashed).message).toBe(
      `the child was killed from outside (SIGKILL). Its log: ${logFile}`,
    );
  });

  it('stops a program that handles SIGTERM, and kills one that does not', async () => {
    const obedient = start('sleep 60');
    await obedient.stop();
    await expect(obedient.exited).resolves.toBe(143);

    const deaf = start('trap "" TERM; echo deaf; while true; do sleep 60; done');
    while (!deaf.lastWords().endsWith('deaf')) await pause(20);
    await deaf.stop(100);
    await expect(deaf.exited).resolves.toBe(137);
  });

  it('leaves no process behind when the parent is killed with SIGKILL, not even a grandchild', async () => {
    const built = join(import.meta.dirname, '../../dist/dev/children.js');
    const script = `
      import { startChild } from ${JSON.stringify(built)};
      const child = startChild('/bin/sh', ['-c', 'sleep 60 & sleep 60'], { name: 'child', logFile: ${JSON.stringify(logFile)} });
      console.log(child.pid);`;
    const parent = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface(parent.stdout), 'line')) as [string];
    const group = Number(line);
    expect(isAlive(group)).toBe(true);
    parent.kill('SIGKILL');
    while (isAlive(group)) await pause(20);
  });
});

/** Whether any process of the group is alive. */
function isAlive(group: number): boolean {
  try {
    process.kill(-group, 0);
    return true;
  } catch {
    return false;
  }
}
