/** Replays the histories of runs with other workflow code, to find the runs that a deployment of that code would break. */
import { WorkflowNotFoundError, type Client, type HistoryAndWorkflowId } from '@temporalio/client';
import { Worker, type ReplayWorkerOptions } from '@temporalio/worker';
import { isRecord } from '../lib/guards.ts';

export interface ReplayedRun {
  readonly workflowId: string;
  readonly runId: string;
  /** The workflow type. */
  readonly flow: string;
  /**
   * Absent if the history replays. `breaks`: with this code the workflow tasks of the run would fail with a non-determinism
   * error, and the run would make no progress. `unreadable`: the payloads were encoded by a codec that this client lacks, so
   * the history could not be replayed.
   */
  readonly problem?: { readonly kind: 'breaks' | 'unreadable'; readonly reason: string };
}

/**
 * Replays the runs that match a query, one after the other, newest first.
 *
 * Replay checks the events that a run has recorded so far. It does not check what the run will do next.
 *
 * @param client - its data converter also decodes the histories
 * @param query - a List Filter (https://docs.temporal.io/list-filter)
 * @param code - the workflows to replay with: `workflowsPath` or `workflowBundle`
 * @throws the client's error for a query that the server cannot parse
 */
export async function* replayRuns(
  client: Client,
  query: string,
  code: Pick<ReplayWorkerOptions, 'workflowsPath' | 'workflowBundle'>,
): AsyncGenerator<ReplayedRun> {
  const { dataConverter } = client.options;
  const waiting: HistoryAndWorkflowId[] = [];
  // Without the failure converter: it would encode why a history does not replay.
  const { failureConverterPath: _, ...readable } = dataConverter ?? {};
  const options = { ...code, dataConverter: readable };
  const hasDefaultConverter = !dataConverter?.payloadCodecs?.length && !dataConverter?.payloadConverterPath;
  const results = Worker.runReplayHistories(options, takeFrom(waiting));
  try {
    for await (const { workflowId, runId, type } of client.workflow.list({ query })) {
      const run = { workflowId, runId, flow: type };
      const history = await client.workflow.getHandle(workflowId, runId).fetchHistory().catch(ignoreDeleted);
      if (!history) continue;
      const encoding = hasDefaultConverter ? foreignEncodingIn(history) : undefined;
      if (encoding !== undefined) {
        yield { ...run, problem: { kind: 'unreadable', reason: encoded(encoding) } };
        continue;
      }
      waiting.push({ workflowId, history });
      const { value } = await results.next();
      yield { ...run, ...(value?.error && { problem: { kind: 'breaks', reason: reasonOf(value.error) } }) };
    }
  } finally {
    await results.return?.();
  }
}

/** Each call of `results.next()` makes the replayer take one history, so the list never holds more than that one. */
function* takeFrom<Value>(list: Value[]): Generator<Value> {
  for (let next = list.shift(); next !== undefined; next = list.shift()) yield next;
}

/** A run may be deleted, or its retention period may end, between the list and the fetch. */
function ignoreDeleted(error: unknown): undefined {
  if (!(error instanceof WorkflowNotFoundError)) throw error;
}

/** The encodings of Temporal's default payload converters. */
const DEFAULT_ENCODINGS = new Set([
  'binary/null',
  'binary/plain',
  'binary/protobuf',
  'json/plain',
  'json/protobuf',
]);

const encoded = (encoding: string) =>
  `its payloads have the encoding ${encoding}, and this client has no payload codec for it`;

/** Not `instanceof`: in jest the bytes come from another realm, whose `Uint8Array` is another class. */
const isBytes = (value: unknown): value is Uint8Array => ArrayBuffer.isView(value);

/** The first encoding in a history that the default data converter cannot decode. */
function foreignEncodingIn(value: unknown): string | undefined {
  if ((!isRecord(value) && !Array.isArray(value)) || isBytes(value)) return undefined;
  const metadata: unknown = 'metadata' in value ? value['metadata'] : undefined;
  const bytes = isRecord(metadata) ? metadata['encoding'] : undefined;
  if (isBytes(bytes)) {
    const encoding = Buffer.from(bytes).toString();
    return DEFAULT_ENCODINGS.has(encoding) ? undefined : encoding;
  }
  for (const member of Object.values(value)) {
    const encoding = foreignEncodingIn(member);
    if (encoding !== undefined) return encoding;
  }
  return undefined;
}

/** The SDK reports a failed workflow task as Rust debug output, which contains the message of the failure. */
const FAILURE_MESSAGE = /Failure \{ message: "((?:[^"\\]|\\.)*)"/;

/** The first line of the message. */
function reasonOf({ message }: Error): string {
  const [, inner = message] = FAILURE_MESSAGE.exec(message) ?? [];
  const [line = ''] = inner.split(/\\n|\n/);
  return line.replaceAll(/\\(["'\\])/g, '$1');
}
