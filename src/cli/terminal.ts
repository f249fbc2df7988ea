/** What a command shows, to a person or, with --json, to a program. */
import { once } from 'node:events';
import { getBorderCharacters, table } from 'table';

export { shellCommand } from '../lib/shell-command.ts';

export class Terminal {
  constructor(readonly json: boolean) {}

  /** Text for a person; nothing where stdout is for JSON alone. */
  say(text: string): void {
    if (!this.json) process.stdout.write(`${escapeControls(text)}\n`);
  }

  /** Text for a person who waits, beside the answer. */
  note(text: string): void {
    if (!this.json) process.stderr.write(`${escapeControls(text)}\n`);
  }

  /** The answer for a program. */
  record(value: unknown): void {
    if (this.json) process.stdout.write(`${JSON.stringify(value)}\n`);
  }

  /**
   * The answer for a program where it is long: an array, one element a line, written as its elements come and no faster
   * than they are read. If the source fails, the array has no end: nobody takes it for whole.
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

  /** The same to both: JSON on one line, or for a person to read. */
  show(value: unknown): void {
    this.record(value);
    this.say(JSON.stringify(value, null, 2));
  }

  table(head: readonly string[], rows: readonly (readonly string[])[]): void {
    const options = { border: getBorderCharacters('void'), drawHorizontalLine: () => false };
    // A line break would tear the row apart, and `table` refuses all other control characters.
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
 * Text as it can be shown on a terminal: all control characters but the line break are escaped, as in JSON.
 *
 * Names of files and messages of AWS come from others: ESC moves the cursor and hides lines, and the overrides of writing
 * direction show a name as another.
 */
export function escapeControls(text: string): string {
  return text.replaceAll(/[^\P{Cc}\n]|[\u202A-\u202E\u2066-\u2069]/gu, (character) => {
    if (character === '\t') return '\\t';
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
