/** What the demo shows, to a person or, with --json, to a program. */
import { styleText } from 'node:util';
import { type Say, sayOnStderr, sayOnStdout } from '../say.ts';

type Style = Parameters<typeof styleText>[0];

export class Screen {
  readonly #json: boolean;

  constructor(json: boolean) {
    this.#json = json;
  }

  /** One line of text; on stderr where stdout is for JSON alone. */
  readonly say: Say = (line) => (this.#json ? sayOnStderr : sayOnStdout)(line);

  heading(text: string): void {
    this.say(`\n${this.#style('bold', text)}`);
  }

  /** What goes on by itself. */
  detail(text: string): void {
    this.say(`   ${this.#style('dim', text)}`);
  }

  fact(text: string): void {
    this.say(`   ${text}`);
  }

  /** What we do to the demo, and what nobody would have told. */
  highlight(text: string): void {
    this.say(`   ${this.#style('yellow', text)}`);
  }

  success(text: string): void {
    this.say(`   ${this.#style('green', text)}`);
  }

  /** The line for programs. */
  record(value: object): void {
    if (this.#json) sayOnStdout(JSON.stringify(value));
  }

  /** Plain where nobody would see the colour, or where NO_COLOR asks for that. */
  #style(style: Style, text: string): string {
    return styleText(style, text, { stream: this.#json ? process.stderr : process.stdout });
  }
}
