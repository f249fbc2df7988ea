/** What a command shows, to a person or, with --json, to a program. */
import { getBorderCharacters, table } from 'table';

export class Terminal {
  constructor(readonly json: boolean) {}

  /** Text for a person; nothing where stdout is for JSON alone. */
  say(text: string): void {
    if (!this.json) process.stdout.write(`${text}\n`);
  }

  /** Text for a person who waits, beside the answer. */
  note(text: string): void {
    if (!this.json) process.stderr.write(`${text}\n`);
  }

  /** The answer for a program. */
  record(value: unknown): void {
    if (this.json) process.stdout.write(`${JSON.stringify(value)}\n`);
  }

  /** The same to both: JSON on one line, or for a person to read. */
  show(value: unknown): void {
    this.record(value);
    this.say(JSON.stringify(value, null, 2));
  }

  table(head: readonly string[], rows: readonly (readonly string[])[]): void {
    const options = { border: getBorderCharacters('void'), drawHorizontalLine: () => false };
    const lines = table([[...head], ...rows.map((row) => [...row])], {
      ...options,
      columnDefault: { paddingLeft: 0, paddingRight: 2 },
    }).split('\n');
    this.say(
      lines
        .map((line) => line.trimEnd())
        .join('\n')
        .trimEnd(),
    );
  }
}

/** A command to be pasted into a shell. */
export function shellCommand(...words: readonly string[]): string {
  return words
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`))
    .join(' ');
}
