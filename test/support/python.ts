/** A Python with the packages of python-requirements.txt, for tests of clients that are not written in JavaScript. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';

const requirements = path.join(import.meta.dirname, 'python-requirements.txt');
/**
 * The requirements of the example. python-requirements.txt includes them, so that the test of the example can use this
 * environment.
 */
const ofExample = path.join(import.meta.dirname, '../../examples/pytest/requirements.txt');
const folder = path.join(import.meta.dirname, '../../.local/python');

/**
 * The Python of a virtual environment in `.local/python`, which is made on first use and again when the requirements
 * change. Use its packages as modules (`python -m awscli`), because the environment is moved once it is complete, and the
 * scripts beside the interpreter name the folder that it was made in.
 *
 * @returns the path of the interpreter; nothing where python3 or pip cannot make it, after one line that says why
 */
export function python(): string | undefined {
  const content = Buffer.concat([requirements, ofExample].map((file) => readFileSync(file)));
  const version = createHash('sha256').update(content).digest('hex').slice(0, 12);
  const environment = path.join(folder, version);
  const interpreter = path.join(environment, 'bin/python');
  if (existsSync(interpreter)) return interpreter;
  const problem = make(environment);
  if (problem === undefined) return interpreter;
  console.log(`Not tested with Python: ${problem}`);
  return undefined;
}

/** Makes the environment elsewhere and then moves it, because several test files may make it at the same time. */
function make(environment: string): string | undefined {
  const unfinished = path.join(folder, `unfinished-${process.pid}`);
  try {
    mkdirSync(folder, { recursive: true });
    const problem =
      run('python3', ['-m', 'venv', unfinished]) ??
      run(path.join(unfinished, 'bin/python'), ['-m', 'pip', 'install', '--quiet', '-r', requirements]);
    if (problem !== undefined) return problem;
    if (!existsSync(environment)) moveUnlessThere(unfinished, environment);
    return undefined;
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

/** Moves the environment, unless another test file has already done so. */
function moveUnlessThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!existsSync(to)) throw error;
  }
}

function run(command: string, args: readonly string[]): string | undefined {
  const { status, error, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status === 0) return undefined;
  const reason = error?.message ?? stderr.trim().split('\n').at(-1) ?? '';
  return `${command} ${args.slice(0, 3).join(' ')} failed (${reason})`;
}
