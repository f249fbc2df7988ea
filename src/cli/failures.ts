/** `failures`: what an import has not imported, and why. */
import type { FailedFile } from '../activities/report-lines.ts';
import { isRecord } from '../guards.ts';
import { UserError } from '../user-error.ts';
import { readSettings } from '../worker-facts.ts';
import type { Session } from './session.ts';
import { shellCommand, type Terminal } from './terminal.ts';

/** How many a table shows unless it is told otherwise. */
export const SHOWN_FAILURES = 100;

/** @param limit - of the lines; unless told otherwise JSON has all, and a table {@link SHOWN_FAILURES} */
export async function showFailures(
  { flows, terminal }: Session,
  workflowId: string,
  limit = terminal.json ? Infinity : SHOWN_FAILURES,
): Promise<void> {
  const { createAwsClients, describeEndpoints } = await import('../aws-clients.ts');
  const aws = createAwsClients(process.env, readSettings(process.env).run.startToClose);
  await describeEndpoints(aws, process.env);
  const failures = await flows.failures(workflowId, aws.s3);
  if (!failures) {
    throw new UserError(
      `${workflowId} has opened no manifest in S3: nothing tells what it has not imported.`,
    );
  }
  try {
    if (terminal.json) await terminal.recordAll(first(limit, failures));
    else await printTable(terminal, failures, limit, workflowId);
  } catch (error) {
    throw readingFailed(error);
  }
}

async function* first<Value>(limit: number, values: AsyncIterable<Value>): AsyncGenerator<Value> {
  let count = 0;
  for await (const value of values) {
    yield value;
    if (++count >= limit) return;
  }
}

/** Reads to the end, to say how many there are; keeps what it shows. */
async function printTable(
  terminal: Terminal,
  failures: AsyncIterable<FailedFile>,
  limit: number,
  workflowId: string,
): Promise<void> {
  const shown: FailedFile[] = [];
  let count = 0;
  try {
    for await (const failure of failures) if (++count <= limit) shown.push(failure);
  } finally {
    // What was read is shown, whatever has happened then.
    if (count > 0) terminal.table(['FILE', 'LINE', 'REASON', 'MESSAGE'], shown.map(toRow));
  }
  if (count === 0) terminal.say('Nothing is named as not imported.');
  if (count > shown.length) {
    const all = shellCommand('aws-health-workflows', 'failures', workflowId, '--limit', 'all');
    terminal.say(`\n${shown.length} of ${count} are shown. All of them: ${all}`);
  }
}

const toRow = ({ file, line, reason, message }: FailedFile) => [file, String(line ?? ''), reason, message];

/** S3 says no, or does not answer: nothing that a stack trace would help with. */
function readingFailed(error: unknown): unknown {
  if (error instanceof UserError || !isRecord(error)) return error;
  const { name, code, message } = error;
  const isOfAws = '$metadata' in error || name === 'CredentialsProviderError' || typeof code === 'string';
  return isOfAws
    ? new UserError(`S3 cannot be read to the end: ${String(code ?? name)}: ${String(message)}`)
    : error;
}
