/** Python programs in virtual environments, for the tests and checks that need them. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';

/** Where the environment is, or why there is none. */
export type PythonEnvironment =
  | { readonly interpreter: string }
  | { readonly interpreter?: undefined; readonly problem: string };

/**
 * A virtual environment with some packages, which is made on first use and again when the requirements change. Use its packages
 * as modules (`python -m awscli`), because the environment is moved once it is complete, and the scripts beside the interpreter
 * name the folder that it was made in.
 *
 * @param requirements - the file of requirements for pip, and then the files that it includes
 * @param folder - of all environments, such as `.local/python`
 * @returns the path of the interpreter, or in one line why python3 or pip cannot make the environment
 */
export function pythonEnvironment(
  requirements: readonly [string, ...string[]],
  folder: string,
): PythonEnvironment {
  const content = Buffer.concat(requirements.map((file) => readFileSync(file)));
  const version = createHash('sha256').update(content).digest('hex').slice(0, 12);
  const environment = path.join(folder, version);
  const interpreter = path.join(environment, 'bin/python');
  if (existsSync(interpreter)) return { interpreter };
  const problem = make(environment, requirements[0]);
  return problem === undefined ? { interpreter } : { problem };
}

/** Makes the environment elsewhere and then moves it, because several processes may make it at the same time. */
function make(environment: string, requirements: string): string | undefined {
  const folder = path.dirname(environment);
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

/** Moves the environment, unless another process has already done so. */
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
