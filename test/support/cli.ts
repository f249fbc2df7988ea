/** Runs the built command line program, as a user does. */
import { execFile, fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { awsEnvironment, type Cluster } from './cluster.ts';

export const program = join(import.meta.dirname, '../../dist/src/cli.js');

/** An environment that points the program to a cluster and a local AWS, without any other setting of this machine. */
export const cliEnvironment = ({ address, taskQueue }: Cluster, awsEndpoint: string) => ({
  PATH: process.env['PATH'],
  ...awsEnvironment(awsEndpoint),
  TEMPORAL_ADDRESS: address,
  TEMPORAL_TASK_QUEUE: taskQueue,
});

export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs the program with `input` as its stdin. */
export function runCli(args: readonly string[], env: NodeJS.ProcessEnv, input = ''): Promise<Ended> {
  return run(process.execPath, [program, ...args], env, input);
}

let inTurn: ChildProcess | undefined;
/** Receive what the command lines print, in their order. */
const waiting: ((ended: Ended) => void)[] = [];
afterAll(() => inTurn?.kill());

function startInTurn(): ChildProcess {
  const script = join(import.meta.dirname, 'cli-in-turn.mjs');
  // Without the variables of npm, by which the program would see that npx runs it.
  const child = fork(script, { env: { PATH: process.env['PATH'] }, execArgv: [] });
  child.on('message', (ended: Ended) => waiting.shift()?.(ended));
  return child;
}

/**
 * The same in one process for all command lines of a test file, one after the other, which takes a fraction of the time. It
 * suits tests of what a command says and does. What concerns the process itself, such as its pipes, its terminal or its end,
 * is tested with {@link runCli}.
 */
export function runCliInTurn(args: readonly string[], env: NodeJS.ProcessEnv, input = ''): Promise<Ended> {
  const child = (inTurn ??= startInTurn());
  return new Promise((resolve) => {
    waiting.push(resolve);
    child.send({ args, env, input });
  });
}

/** Runs the program as {@link runCli} does, but the reader of its stdout reads nothing until the pipe is full or the program has exited. */
export function runCliSlowly(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ended> {
  const reader = join(import.meta.dirname, 'slow-reader.py');
  const script = `set -o pipefail; "$@" | python3 "${reader}"`;
  return run('bash', ['--norc', '-c', script, 'bash', process.execPath, program, ...args], env, '');
}

function run(file: string, args: readonly string[], env: NodeJS.ProcessEnv, input: string): Promise<Ended> {
  return new Promise((resolve) => {
    const options = { env, maxBuffer: 64 * 1024 * 1024 };
    const child = execFile(file, args, options, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
    });
    child.stdin?.end(input);
  });
}
