/** Runs a command on a real pseudo-terminal, and records its output with the times. */
import { spawn } from 'node:child_process';
import { UserError } from '../../src/lib/user-error.ts';

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** A chunk of terminal output, escape sequences included. */
export interface Output {
  /** Milliseconds since the command was typed. */
  readonly at: number;
  readonly text: string;
}

/** Python creates the pseudo-terminal, because every npm package for it needs a compiler. */
const onTerminal = 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))';

/**
 * @param command - a shell command; the recording begins with a prompt and the command, as if it was typed
 * @returns all terminal output until the command ended
 * @throws UserError if the command fails, with its output, or if python3 is missing
 */
export async function record(command: string, { columns, rows }: Size): Promise<Output[]> {
  const began = Date.now();
  const outputs: Output[] = [{ at: 0, text: `\u001B[32m$\u001B[39m \u001B[1m${command}\u001B[22m\r\n` }];
  const sized = `stty columns ${columns} rows ${rows}; ${command}`;
  const child = spawn('python3', ['-c', onTerminal, '/bin/sh', '-c', sized], {
    env: { ...process.env, TERM: 'xterm-256color' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    outputs.push({ at: Date.now() - began, text });
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', (error) => reject(new UserError(`A recording needs python3: ${error.message}`)));
    child.on('close', resolve);
  });
  if (code === 0) return outputs;
  const shown = outputs.map(({ text }) => text).join('');
  throw new UserError(`A command to be recorded has ended with code ${code}:\n${shown}`);
}
