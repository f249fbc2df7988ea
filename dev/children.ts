/** Child processes that cannot outlive us, whatever ends us. */
import { spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { UserError } from '../src/lib/user-error.ts';

export interface Child {
  readonly name: string;
  readonly pid: number;
  /** The exit code as a shell would show it; resolves, never rejects, once the process is gone. */
  readonly exited: Promise<number>;
  /** Resolves only if it ends without our having ended it, with what there is to say about that. */
  readonly crashed: Promise<UserError>;
  readonly isRunning: () => boolean;
  /** SIGTERM, and SIGKILL for what is still there after `graceMs`. */
  readonly stop: (graceMs?: number) => Promise<void>;
  /** SIGKILL, at once. */
  readonly kill: () => Promise<void>;
  /** All that it has written. */
  readonly output: () => string;
  /** The last lines of that, without those of stack traces: what explains an unexpected end. */
  readonly lastWords: () => string;
}

export interface ChildOptions {
  readonly name: string;
  /** What the child writes is appended here. */
  readonly logFile: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
}

/**
 * The shell becomes the program (the pid stays), after it left a watcher in the same process group that reads from a pipe
 * of which only we hold the other end. When we are gone, be it by SIGKILL, that read ends and the watcher kills the group.
 */
const guarded = 'exec 3<&0; (read -r _ <&3; kill -KILL 0) & exec "$@" 3<&- </dev/null';

/**
 * Starts a program in a session of its own, so that Ctrl-C in the terminal reaches us alone and we decide who ends when.
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
  // What a process wrote long before it was killed by another has nothing to do with its end.
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
  /** A negative target is the whole group, with whatever the program itself has started. */
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
