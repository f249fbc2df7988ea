/** `failures`: the files that an import did not import, or imported with a warning, and the reasons. */
import type { FailedFile, WarnedFile } from '../activities/report-lines.ts';
import { UserError } from '../lib/user-error.ts';
import { s3Client } from './s3-client.ts';
import { first, printTable, type Columns } from './long-table.ts';
import type { Session } from './session.ts';
import { ourCommand } from './terminal.ts';
import { noteIfRunning } from './with-session.ts';

/** The number of rows that a table shows if `--limit` is not given. */
export const SHOWN_FAILURES = 100;

/**
 * Shows the failures and the warnings of an import, as two tables or as one JSON array. In the array, an element with a `reason`
 * is a file that was not imported, and an element with a `type` is a file that was imported with a warning.
 *
 * @param limit - the number of lines of each; by default all in JSON, and {@link SHOWN_FAILURES} in a table
 * @throws UserError if the run has read no manifest
 */
export async function showFailures(
  { flows, terminal }: Session,
  workflowId: string,
  limit = terminal.json ? Infinity : SHOWN_FAILURES,
): Promise<void> {
  await noteIfRunning({ flows, terminal }, workflowId);
  const s3 = await s3Client();
  const failures = await flows.failures(workflowId, s3);
  const warnings = await flows.warnings(workflowId, s3);
  if (!failures) {
    throw new UserError(
      `${workflowId} has read no import manifest in S3, so its failed files are not known.`,
    );
  }
  if (terminal.json)
    return terminal.recordAll(both(first(limit, failures), first(limit, warnings ?? none())));
  const all = ourCommand('failures', workflowId, '--limit', 'all');
  const failed = await printTable(terminal, failures, { ...FAILED, limit, all });
  if (failed === 0) terminal.say('The import lists no failed file.');
  // A fleet lists the files that were not imported. Those with warnings are in the reports of its jobs.
  if (warnings) await printTable(terminal, warnings, { ...WARNED, limit, all });
}

// oxlint-disable-next-line require-yield -- an empty list
async function* none(): AsyncGenerator<never> {}

async function* both<One, Other>(one: AsyncIterable<One>, other: AsyncIterable<Other>) {
  yield* one;
  yield* other;
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
