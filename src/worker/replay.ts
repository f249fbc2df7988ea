/** Replays the histories of runs with other code, to find what a deployment of that code would break. */
import { WorkflowNotFoundError, type Client, type HistoryAndWorkflowId } from '@temporalio/client';
import { Worker, type ReplayWorkerOptions } from '@temporalio/worker';
import { isRecord } from '../lib/guards.ts';

export interface ReplayedRun {
  readonly workflowId: string;
  readonly runId: string;
  /** The workflow type. */
  readonly flow: string;
  /**
   * Absent where the history replays. `breaks`: with this code the workflow tasks of the run would fail, and the run stand
   * still. `unreadable`: a payload codec that this client does not have has encoded its payloads, so nothing is known.
   */
  readonly problem?: { readonly kind: 'breaks' | 'unreadable'; readonly reason: string };
}

/**
 * Replays the runs that a query finds, one after the other, newest first.
 *
 * Replay covers what a run has recorded so far. It says nothing about what the run does next.
 *
 * @param client - its data converter decodes the histories, too
 * @param query - a List Filter (https://docs.temporal.io/list-filter)
 * @param code - the workflows to replay with: `workflowsPath` or `workflowBundle`
 * @throws Error of the client for a query that the server does not understand
 */
export async function* replayRuns(
  client: Client,
  query: string,
  code: Pick<ReplayWorkerOptions, 'workflowsPath' | 'workflowBundle'>,
): AsyncGenerator<ReplayedRun> {
  const { dataConverter } = client.options;
  const waiting: HistoryAndWorkflowId[] = [];
  const options = { ...code, ...(dataConverter && { dataConverter }) };
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

/** The replayer asks for a history when it is asked for a result: the list holds that one. */
function* takeFrom<Value>(list: Value[]): Generator<Value> {
  for (let next = list.shift(); next !== undefined; next = list.shift()) yield next;
}

/** A run may be deleted, or reach the end of its retention, after it was listed. */
function ignoreDeleted(error: unknown): undefined {
  if (!(error instanceof WorkflowNotFoundError)) throw error;
}

/** What Temporal's default payload converters write. */
const DEFAULT_ENCODINGS = new Set([
  'binary/null',
  'binary/plain',
  'binary/protobuf',
  'json/plain',
  'json/protobuf',
]);

const encoded = (encoding: string) =>
  `its payloads have the encoding ${encoding}, and this client has no payload codec for it`;

/** Whatever realm its class is of. */
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

/** What the SDK shows of the failed workflow task is Rust's debug output; the message in it is what tells. */
const FAILURE_MESSAGE = /Failure \{ message: "((?:[^"\\]|\\.)*)"/;

/** One line. */
function reasonOf({ message }: Error): string {
  const [, inner = message] = FAILURE_MESSAGE.exec(message) ?? [];
  const [line = ''] = inner.split(/\\n|\n/);
  return line.replaceAll(/\\(["'\\])/g, '$1');
}
