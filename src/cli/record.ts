/** `record`: who has started, signalled or cancelled a run, and which of its calls have changed something in AWS. */
import type { RecordEntry } from '../client.ts';
import { first, printTable, type Columns } from './long-table.ts';
import type { Session } from './session.ts';
import { ourCommand } from './terminal.ts';

/** The number of rows that a table shows if `--limit` is not given. */
export const SHOWN_ENTRIES = 100;

/** @param limit - the number of entries, from the first one; by default all in JSON, and {@link SHOWN_ENTRIES} in a table */
export async function showRecord(
  { flows, terminal }: Session,
  workflowId: string,
  limit = terminal.json ? Infinity : SHOWN_ENTRIES,
): Promise<void> {
  const entries = flows.record(workflowId);
  if (terminal.json) return terminal.recordAll(first(limit, entries));
  const all = ourCommand('record', workflowId, '--limit', 'all');
  await printTable(terminal, entries, { ...ENTRIES, limit, all });
}

const ENTRIES: Columns<RecordEntry> = {
  head: ['TIME', 'WHAT', 'WHO', 'AWS REQUEST', 'FAILED'],
  toRow: ({ time, what, name, who, requestId, failed }) => [
    time.toISOString(),
    name === undefined ? what : `${what} ${name}`,
    who,
    requestId ?? '',
    failed ?? '',
  ],
};
