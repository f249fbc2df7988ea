/** The tests of the example pass as its README says, and so does a test that is pasted from docs/local-aws.md. */
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { blocksOf } from '../support/blocks.ts';
import { python } from '../support/python.ts';

const root = join(import.meta.dirname, '../..');
const interpreter = python();

(interpreter === undefined ? describe.skip : describe)('the example for pytest', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pytest-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  test('passes with two workers, with the test of the documentation beside its own', async () => {
    const [commands = ''] = blocksOf('examples/pytest/README.md', 'sh');
    expect(blocksOf('docs/local-aws.md', 'sh')).toContain(commands);
    const [pasted = ''] = blocksOf('docs/local-aws.md', 'python');
    // A copy, because Python writes compiled files beside the sources.
    for (const name of ['pytest', 'files']) {
      cpSync(join(root, 'examples', name), join(folder, 'examples', name), { recursive: true });
    }
    symlinkSync(join(root, 'dist'), join(folder, 'dist'));
    writeFileSync(join(folder, 'examples/pytest/test_mine.py'), pasted);

    // The first two lines make a virtual environment. The test uses the interpreter of another one, which has the same
    // requirements.
    const command = (commands.trimEnd().split('\n').at(-1) ?? '').replace(
      '.local/pytest/bin/python',
      `"${interpreter}"`,
    );
    const { stdout } = await promisify(execFile)('/bin/sh', ['-c', command], { cwd: folder });
    const tests = [
      ...readFileSync(join(root, 'examples/pytest/test_imports.py'), 'utf8').matchAll(/^def test_/gm),
    ];
    expect(stdout).toContain('2 workers');
    expect(stdout).toContain(` ${tests.length + 1} passed in `);
  });
});
