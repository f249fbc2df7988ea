/** The output of the demo, for a person or, with --json, for a program. */
import { styleText } from 'node:util';
import { type Say, sayOnStderr, sayOnStdout } from '../say.ts';

type Style = Parameters<typeof styleText>[0];

export class Screen {
  readonly #json: boolean;

  constructor(json: boolean) {
    this.#json = json;
  }

  /** Prints one line of text: to stderr if stdout is for JSON only. */
  readonly say: Say = (line) => (this.#json ? sayOnStderr : sayOnStdout)(line);

  heading(text: string): void {
    this.say(`\n${this.#style('bold', text)}`);
  }

  /** Prints an ordinary step. */
  detail(text: string): void {
    this.say(`   ${this.#style('dim', text)}`);
  }

  fact(text: string): void {
    this.say(`   ${text}`);
  }

  /** Prints what the demo does to the platform, or a fact that AWS does not report. */
  highlight(text: string): void {
    this.say(`   ${this.#style('yellow', text)}`);
  }

  success(text: string): void {
    this.say(`   ${this.#style('green', text)}`);
  }

  /** Prints the JSON line for programs. */
  record(value: object): void {
    if (this.#json) sayOnStdout(JSON.stringify(value));
  }

  /** No colour if the output is not a terminal, or NO_COLOR is set. */
  #style(style: Style, text: string): string {
    return styleText(style, text, { stream: this.#json ? process.stderr : process.stdout });
  }
}
