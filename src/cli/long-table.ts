/** Tables of lists that may be too long to keep in memory. */
import type { Terminal } from './terminal.ts';

export interface Columns<Line> {
  title?: string;
  head: string[];
  toRow: (line: Line) => string[];
}

export async function* first<Value>(limit: number, values: AsyncIterable<Value>): AsyncGenerator<Value> {
  let count = 0;
  for await (const value of values) {
    yield value;
    if (++count >= limit) return;
  }
}

/**
 * Prints the first `limit` lines as a table. It reads the others too, to print how many there are, but does not keep them.
 *
 * @returns the number of all lines
 */
export async function printTable<Line>(
  terminal: Terminal,
  lines: AsyncIterable<Line>,
  { title, head, toRow, limit, all }: Columns<Line> & { limit: number; all: string },
): Promise<number> {
  const shown: Line[] = [];
  let count = 0;
  try {
    for await (const line of lines) if (++count <= limit) shown.push(line);
  } finally {
    // If reading fails in the middle of the list, the table still shows the lines that were read before the failure.
    if (count > 0) {
      if (title !== undefined) terminal.say(title);
      terminal.table(head, shown.map(toRow));
    }
  }
  if (count > shown.length) terminal.say(`\n${shown.length} of ${count} are shown. To list all: ${all}`);
  return count;
}
