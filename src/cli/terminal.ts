/** The output of a command: text for a person, or with `--json` JSON for a program. */
import { once } from 'node:events';
import { getBorderCharacters, table } from 'table';

export { PROGRAM, ourCommand, shellCommand } from '../lib/shell-command.ts';

export class Terminal {
  constructor(readonly json: boolean) {}

  /** Prints text to stdout; nothing with `--json`. */
  say(text: string): void {
    if (!this.json) process.stdout.write(`${escapeControls(text)}\n`);
  }

  /** Prints text to stderr while a command waits; nothing with `--json`. */
  note(text: string): void {
    if (!this.json) process.stderr.write(`${escapeControls(text)}\n`);
  }

  /** Prints the answer as one line of JSON; nothing without `--json`. */
  record(value: unknown): void {
    if (this.json) process.stdout.write(`${JSON.stringify(value)}\n`);
  }

  /**
   * Prints a long answer as a JSON array, one element a line, while its elements arrive and no faster than stdout takes them. If
   * the source fails, the closing bracket is missing, so that no reader takes the array for complete.
   */
  async recordAll(values: AsyncIterable<unknown>): Promise<void> {
    if (!this.json) return;
    let separator = '[';
    for await (const value of values) {
      const isTaken = process.stdout.write(`${separator}${JSON.stringify(value)}`);
      if (!isTaken) await once(process.stdout, 'drain');
      separator = ',\n';
    }
    process.stdout.write(separator === '[' ? '[]\n' : ']\n');
  }

  /** Prints a value as JSON: on one line with `--json`, otherwise indented. */
  show(value: unknown): void {
    this.record(value);
    this.say(JSON.stringify(value, null, 2));
  }

  table(head: readonly string[], rows: readonly (readonly string[])[]): void {
    const options = { border: getBorderCharacters('void'), drawHorizontalLine: () => false };
    // A line break would split the row, and `table` throws for all other control characters.
    const cells = rows.map((row) => row.map((cell) => escapeControls(cell).replaceAll('\n', '\\n')));
    const lines = table([[...head], ...cells], {
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

/**
 * Makes text safe to show on a terminal: escapes all control characters except the line break, as in JSON.
 *
 * File names and messages from AWS are not trusted. An ESC sequence could move the cursor and hide lines, and a Unicode
 * direction override could make one file name look like another.
 */
export function escapeControls(text: string): string {
  return text.replaceAll(/[^\P{Cc}\n]|[\u202A-\u202E\u2066-\u2069]/gu, (character) => {
    if (character === '\t') return '\\t';
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
