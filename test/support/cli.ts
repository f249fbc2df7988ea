/** Runs the built command line program, as a user does. */
import { execFile, spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
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

/** Runs many command lines in one process, which takes a fraction of the time. Its stdout and stderr are pipes too. */
export async function runCliBatch(
  commandLines: readonly (readonly string[])[],
  env: NodeJS.ProcessEnv,
): Promise<(Ended & { args: string[] })[]> {
  const script = join(import.meta.dirname, 'cli-batch.mjs');
  const child = spawn(process.execPath, [script], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(JSON.stringify(commandLines));
  const lines = (await text(child.stdout)).trim().split('\n');
  if (lines.length !== commandLines.length)
    throw new Error(`${commandLines.length} command lines have ${lines.length} results`);
  return lines.map((line) => JSON.parse(line) as Ended & { args: string[] });
}

/** The same, but the reader of its stdout reads nothing until the pipe is full or the program has exited. */
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
