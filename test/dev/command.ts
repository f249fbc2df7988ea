import { execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const dist = join(import.meta.dirname, '../../dist');

/** Runs one of our built commands, as a user does. */
export class Command {
  stdout = '';
  stderr = '';
  readonly exited: Promise<number | null>;
  /** All processes that the command starts inherit this environment. */
  readonly #mark = `AHW_TEST_MARK=${randomUUID()}`;
  readonly #process;

  constructor(script: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}) {
    const [name = '', value] = this.#mark.split('=');
    this.#process = spawn(process.execPath, [join(dist, script), ...args], {
      env: { ...process.env, ...env, [name]: value },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#process.stdout.on('data', (data) => (this.stdout += String(data)));
    this.#process.stderr.on('data', (data) => (this.stderr += String(data)));
    this.exited = new Promise((resolve) => this.#process.on('close', resolve));
  }

  /** Resolves once the output matches; rejects if the command ends without it. */
  async writes(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.stdout + this.stderr);
      if (found) return found;
      if (this.#process.exitCode !== null) throw new Error(`It has ended:\n${this.stdout}\n${this.stderr}`);
      await pause(50);
    }
  }

  interrupt(): void {
    this.#process.kill('SIGINT');
  }

  /** The live processes that the command or its descendants have started. */
  family(): string[] {
    return familyOf(this.#mark);
  }
}

/**
 * The live processes that have an environment variable.
 *
 * @param mark - `NAME=value`
 */
export function familyOf(mark: string): string[] {
  const options = { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 } as const;
  const processes = execFileSync('ps', ['axeww'], options).split('\n');
  return processes.filter((line) => line.includes(mark));
}
