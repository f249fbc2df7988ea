/** Child processes that cannot outlive this process, however it ends. */
import { spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { UserError } from '../src/lib/user-error.ts';

export interface Child {
  readonly name: string;
  readonly pid: number;
  /** Resolves, and never rejects, with the exit code as a shell shows it, once the process has exited. */
  readonly exited: Promise<number>;
  /** Resolves only if the process exits unexpectedly, with an error that explains it. */
  readonly crashed: Promise<UserError>;
  readonly isRunning: () => boolean;
  /** Sends SIGTERM, and after `graceMs` SIGKILL to the processes that are still alive. */
  readonly stop: (graceMs?: number) => Promise<void>;
  /** Sends SIGKILL at once. */
  readonly kill: () => Promise<void>;
  /** All output so far. */
  readonly output: () => string;
  /** The last lines of the output without stack traces, which explain an unexpected exit. */
  readonly lastWords: () => string;
}

export interface ChildOptions {
  readonly name: string;
  /** The file to which the output of the child is appended. */
  readonly logFile: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
}

/**
 * The shell starts a watcher in its process group, and then replaces itself with the program, which keeps the pid. The watcher
 * reads from a pipe whose other end only this process holds. When this process ends, even by SIGKILL, the read returns and the
 * watcher kills the group.
 */
const guarded = 'exec 3<&0; (read -r _ <&3; kill -KILL 0) & exec "$@" 3<&- </dev/null';

/**
 * Starts a program in a new session, so that Ctrl-C in the terminal reaches only this process, which decides what ends when.
 */
export function startChild(program: string, args: readonly string[], options: ChildOptions): Child {
  const log = openSync(options.logFile, 'a');
  const before = fstatSync(log).size;
  const child = spawn('/bin/sh', ['-c', guarded, 'sh', program, ...args], {
    stdio: ['pipe', log, log],
    detached: true,
    env: options.env ?? process.env,
    cwd: options.cwd,
  });
  closeSync(log);

  let running = true;
  let killedBy: NodeJS.Signals | null = null;
  const exited = new Promise<number>((resolve) => {
    const end = (code: number, signal: NodeJS.Signals | null = null) => {
      running = false;
      killedBy = signal;
      child.stdin?.destroy();
      resolve(code);
    };
    child.on('exit', (code, signal) => end(code ?? 128 + constants.signals[signal ?? 'SIGKILL'], signal));
    child.on('error', () => end(127));
  });
  const { pid } = child;
  if (pid === undefined)
    throw new UserError(`${options.name} cannot be started: there is no /bin/sh here (on Windows, use WSL)`);

  const output = () => readFileSync(options.logFile).subarray(before).toString();
  const lastWords = () => {
    const lines = output().trimEnd().split('\n');
    return lines
      .filter((line) => !/^\s+at /.test(line))
      .slice(-8)
      .join('\n');
  };
  // After a kill by another process, the last output does not explain the exit.
  const whyItEnded = (code: number) =>
    killedBy
      ? `${options.name} was killed from outside (${killedBy}). Its log: ${options.logFile}`
      : `${options.name} has ended with code ${code} (its log: ${options.logFile}):\n${lastWords()}`;
  let endedByUs = false;
  const crashed = new Promise<UserError>((resolve) => {
    void exited.then((code) => {
      if (!endedByUs) resolve(new UserError(whyItEnded(code)));
    });
  });
  /** A negative target is the process group, which includes the program's own child processes. */
  const signal = (target: number, name: NodeJS.Signals) => {
    endedByUs = true;
    if (running) process.kill(target, name);
  };
  return {
    name: options.name,
    pid,
    exited,
    crashed,
    isRunning: () => running,
    async stop(graceMs = 2_000) {
      signal(pid, 'SIGTERM');
      const impatience = setTimeout(() => signal(-pid, 'SIGKILL'), graceMs);
      await exited;
      clearTimeout(impatience);
    },
    async kill() {
      signal(-pid, 'SIGKILL');
      await exited;
    },
    output,
    lastWords,
  };
}
