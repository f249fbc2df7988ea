/** Runs the local AWS in a process of its own. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { clientsOf, type Clients } from './harness.ts';

const program = path.resolve(import.meta.dirname, '../../dist/src/cli.js');

/** The program as a user starts it, on a free port. */
export class Program {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterableIterator<string>;

  /** @param limit - a shell command that limits the program, such as `ulimit -f 100` */
  constructor(args: readonly string[], limit = ':') {
    if (!existsSync(program)) throw new Error(`npm run build first: there is no ${program}`);
    const port = args.includes('--port') ? [] : ['--port', '0'];
    const command = [process.execPath, program, 'local-aws', ...port, ...args];
    this.#child = spawn('/bin/sh', ['-c', `${limit}; exec "$0" "$@"`, ...command], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const { stdout } = this.#child;
    if (!stdout) throw new Error('stdout is a pipe');
    this.#lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  }

  /** Clients of the endpoint, which is in the line that the program prints when it listens. */
  async clients(): Promise<Clients> {
    const line: unknown = (await this.#lines.next()).value;
    const endpoint = /http:\S+\d/.exec(String(line))?.[0];
    if (!endpoint) throw new Error(`no endpoint in: ${String(line)}`);
    return clientsOf(endpoint);
  }

  /** The memory that the process uses at the moment, in MB. */
  memoryMB(): number {
    return (
      Number(execFileSync('ps', ['-o', 'rss=', '-p', String(this.#child.pid)], { encoding: 'utf8' })) / 1024
    );
  }

  async end(signal: NodeJS.Signals): Promise<number | null> {
    this.#child.kill(signal);
    return this.exited();
  }

  async exited(): Promise<number | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit');
    return this.#child.exitCode;
  }

  async errors(): Promise<string> {
    const chunks: Buffer[] = [];
    for await (const chunk of this.#child.stderr ?? []) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString();
  }
}
