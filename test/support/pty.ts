/** A shell on a real pseudo-terminal, to test what a person sees there, and what Ctrl-C does. */
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';

export const CTRL_C = '\u0003';
export const CTRL_D = '\u0004';
export const CTRL_Z = '\u001A';

const PROMPT = 'ready> ';
const NEXT_PROMPT = new RegExp(`\\n${PROMPT}`);

export class Pty {
  readonly #process: ChildProcess;
  readonly #exited: Promise<void>;
  #shown = '';
  /** How many characters of the output earlier calls of `until` have consumed. */
  #seen = 0;
  #ended = false;
  #changed: () => void = () => undefined;

  /** Starts bash with its own environment. python3 creates the terminal, because every npm package for it needs a compiler. */
  constructor(env: NodeJS.ProcessEnv) {
    this.#process = spawn('python3', [join(import.meta.dirname, 'shell-on-pty.py')], {
      // bash overwrites an inherited PS1 when it starts.
      env: { TERM: 'xterm-256color', PROMPT_COMMAND: `PS1='${PROMPT}'`, ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#process.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#shown += text;
      this.#changed();
    });
    this.#exited = new Promise((resolve) => this.#process.once('close', () => resolve()));
    void this.#exited.then(() => {
      this.#ended = true;
      this.#changed();
    });
  }

  type(keys: string): void {
    this.#process.stdin?.write(`${JSON.stringify({ keys })}\n`);
  }

  /** Resizes the terminal. The kernel sends SIGWINCH to the program in the foreground. */
  resize(columns: number, rows: number): void {
    this.#process.stdin?.write(`${JSON.stringify({ columns, rows })}\n`);
  }

  /**
   * Waits until the output since the last call contains a match.
   *
   * @returns the output since the last call, up to the end of the match
   */
  async until(pattern: RegExp): Promise<string> {
    for (;;) {
      const news = this.#shown.slice(this.#seen);
      const found = pattern.exec(news);
      if (found) {
        const end = found.index + found[0].length;
        this.#seen += end;
        return news.slice(0, end);
      }
      if (this.#ended) throw new Error(`The terminal has ended without ${pattern}:\n${this.#shown}`);
      await new Promise<void>((resolve) => (this.#changed = resolve));
    }
  }

  /** Types a command, waits until it has ended, and returns what the terminal showed. */
  async run(command: string): Promise<{ shown: string; code: number }> {
    this.type(`${command}\n`);
    const shown = await this.until(NEXT_PROMPT);
    return { shown, code: await this.exitCode() };
  }

  /** The exit code of the last command, which must have ended. */
  async exitCode(): Promise<number> {
    this.type('echo "code=$?"\n');
    const [, code] = /\ncode=(\d+)/.exec(await this.until(new RegExp(`\\ncode=\\d+\\r\\n${PROMPT}`))) ?? [];
    return Number(code);
  }

  /** All output since the start. */
  get shown(): string {
    return this.#shown;
  }

  async close(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#exited;
  }
}
