/** `failures`: what an import has not imported, and what it has imported with a warning, and why. */
import type { FailedFile, WarnedFile } from '../activities/report-lines.ts';
import { UserError } from '../lib/user-error.ts';
import { readSettings } from '../worker/settings.ts';
import type { Session } from './session.ts';
import { shellCommand, type Terminal } from './terminal.ts';

/** The number of rows that a table shows if `--limit` is not given. */
export const SHOWN_FAILURES = 100;

/**
 * Shows both reports of an import: as two tables, or as one JSON array, in which a file with a warning has a `type` where one
 * that was not imported has a `reason`.
 *
 * @param limit - of the lines of each; unless told otherwise JSON has all, and a table {@link SHOWN_FAILURES}
 */
export async function showFailures(
  { flows, terminal }: Session,
  workflowId: string,
  limit = terminal.json ? Infinity : SHOWN_FAILURES,
): Promise<void> {
  const { createAwsClients, describeEndpoints } = await import('../worker/aws-clients.ts');
  const aws = createAwsClients(process.env, readSettings(process.env).run.startToClose);
  await describeEndpoints(aws, process.env);
  const failures = await flows.failures(workflowId, aws.s3);
  const warnings = await flows.warnings(workflowId, aws.s3);
  if (!failures || !warnings) {
    throw new UserError(
      `${workflowId} has opened no manifest in S3: nothing tells what it has not imported.`,
    );
  }
  if (terminal.json) return terminal.recordAll(both(first(limit, failures), first(limit, warnings)));
  const all = shellCommand('aws-health-workflows', 'failures', workflowId, '--limit', 'all');
  const failed = await printTable(terminal, failures, { ...FAILED, limit, all });
  if (failed === 0) terminal.say('Nothing is named as not imported.');
  await printTable(terminal, warnings, { ...WARNED, limit, all });
}

async function* first<Value>(limit: number, values: AsyncIterable<Value>): AsyncGenerator<Value> {
  let count = 0;
  for await (const value of values) {
    yield value;
    if (++count >= limit) return;
  }
}

async function* both<One, Other>(one: AsyncIterable<One>, other: AsyncIterable<Other>) {
  yield* one;
  yield* other;
}

interface Columns<Line> {
  title?: string;
  head: string[];
  toRow: (line: Line) => string[];
}

const FAILED: Columns<FailedFile> = {
  head: ['FILE', 'LINE', 'REASON', 'MESSAGE'],
  toRow: ({ file, line, reason, message }) => [file, String(line ?? ''), reason, message],
};

const WARNED: Columns<WarnedFile> = {
  title: '\nImported with a warning:',
  head: ['FILE', 'LINE', 'WARNING', 'MESSAGE'],
  toRow: ({ file, line, type, code, message }) => [
    file,
    String(line ?? ''),
    code === undefined ? type : `${type} (${code})`,
    message,
  ],
};

/**
 * Reads to the end, to say how many there are; keeps what it shows.
 *
 * @returns how many there are
 */
async function printTable<Line>(
  terminal: Terminal,
  lines: AsyncIterable<Line>,
  { title, head, toRow, limit, all }: Columns<Line> & { limit: number; all: string },
): Promise<number> {
  const shown: Line[] = [];
  let count = 0;
  try {
    for await (const line of lines) if (++count <= limit) shown.push(line);
  } finally {
    // What was read is shown, whatever has happened then.
    if (count > 0) {
      if (title !== undefined) terminal.say(title);
      terminal.table(head, shown.map(toRow));
    }
  }
  if (count > shown.length) terminal.say(`\n${shown.length} of ${count} are shown. All of them: ${all}`);
  return count;
}
