/** The data of a run that Temporal stores unencrypted, and its worker's log: visible to anybody who may list runs or read logs. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import type { WorkflowHandle } from '@temporalio/client';
import { workerLogFile } from './cluster.ts';

/** The length of what an earlier process with the same process id has logged. */
const LOGGED_BEFORE = existsSync(workerLogFile) ? statSync(workerLogFile).size : 0;

/** The members that a payload codec encrypts: inputs, results and failure details. */
const ENCRYPTED: ReadonlySet<string> = new Set(['input', 'result', 'details', 'lastCompletionResult']);

/**
 * The history without inputs, results and failure details (so names, ids, summaries, memo, search attributes, failure
 * messages and their causes), the description, and the progress of the run.
 */
export async function shownOf(run: WorkflowHandle): Promise<string> {
  const history = await run.fetchHistory();
  const { raw, ...description } = await run.describe();
  const current = await run.query<{ currentDetails?: string }>('__temporal_workflow_metadata');
  const parts = [
    run.workflowId,
    history.events,
    raw,
    [description.memo, description.searchAttributes, await description.staticSummary()],
    await run.query('progress'),
    current,
  ].map((part) => JSON.stringify(readable(part)));
  return parts.join('\n');
}

/** The log of the workers that this process's tests have started. */
export const workerLog = () => readFileSync(workerLogFile).subarray(LOGGED_BEFORE).toString('utf8');

/** A value of the Temporal API with its payloads as text, without the members that a codec encrypts. */
function readable(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  if (Array.isArray(value)) return value.map(readable);
  if (typeof value !== 'object' || value === null || 'unsigned' in value) return String(value);
  const members = Object.entries(value).filter(([name]) => !ENCRYPTED.has(name));
  return Object.fromEntries(members.map(([name, held]) => [name, readable(held)]));
}

/** The hexadecimal hashes of texts, which an attacker who guesses a text would search for. */
export function hashesOf(texts: readonly string[]): string[] {
  return ['sha256', 'sha1', 'md5'].flatMap((algorithm) =>
    texts.map((text) => createHash(algorithm).update(text).digest('hex').slice(0, 8)),
  );
}
