/** The tests of the example pass as its README says. */
import { execFile, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify, stripVTControlCharacters } from 'node:util';
import { blocksOf } from '../support/blocks.ts';

const root = join(import.meta.dirname, '../..');

/** The reason why this machine cannot run the example, if there is one. */
function missing(): string | undefined {
  const { status, stdout } = spawnSync('mvn', ['--version'], { encoding: 'utf8' });
  if (status !== 0) return 'mvn --version failed';
  const [, java = ''] = /^Java version: (\d+)/m.exec(stripVTControlCharacters(stdout)) ?? [];
  return Number(java) >= 17 ? undefined : `it needs Java 17, and mvn --version names Java ${java}`;
}

const reason = missing();
if (reason !== undefined) console.log(`Not tested with JUnit: ${reason}`);

(reason === undefined ? describe : describe.skip)('the example for JUnit', () => {
  // Maven downloads what it needs when it runs for the first time.
  test('passes', async () => {
    const [command = ''] = blocksOf('examples/junit/README.md', 'sh');
    const { stdout } = await promisify(execFile)('/bin/sh', ['-c', command], { cwd: root });
    expect(stripVTControlCharacters(stdout)).toMatch(/Tests run: 4, Failures: 0, Errors: 0, Skipped: 0$/m);
  }, 600_000);
});
