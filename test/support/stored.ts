/** All bytes that a Temporal server stores of some runs, and the search for texts in them. */
import proto from '@temporalio/proto';
import type { Cluster } from './cluster.ts';

const {
  GetWorkflowExecutionHistoryResponse,
  DescribeWorkflowExecutionResponse,
  ListWorkflowExecutionsResponse,
} = proto.temporal.api.workflowservice.v1;

/** Histories, descriptions (with pending activities, memos and search attributes) and what lists of runs show. */
export async function everythingStored(
  { connection, flows }: Pick<Cluster, 'connection' | 'flows'>,
  workflowIds: readonly string[],
): Promise<Buffer> {
  const { namespace } = flows.temporal.options;
  const { workflowService } = connection;
  const stored: Uint8Array[] = [];
  for (const workflowId of workflowIds) {
    const execution = { workflowId };
    const history = await workflowService.getWorkflowExecutionHistory({ namespace, execution });
    stored.push(GetWorkflowExecutionHistoryResponse.encode(history).finish());
    const described = await workflowService.describeWorkflowExecution({ namespace, execution });
    stored.push(DescribeWorkflowExecutionResponse.encode(described).finish());
  }
  const listed = await workflowService.listWorkflowExecutions({ namespace, pageSize: 1_000 });
  stored.push(ListWorkflowExecutionsResponse.encode(listed).finish());
  return Buffer.concat(stored);
}

/** The ids of a run and of the child workflows that it has started. */
export async function withChildren({ flows }: Pick<Cluster, 'flows'>, workflowId: string): Promise<string[]> {
  const { events } = await flows.temporal.workflow.getHandle(workflowId).fetchHistory();
  const children = (events ?? []).flatMap(
    ({ startChildWorkflowExecutionInitiatedEventAttributes: child }) => child?.workflowId ?? [],
  );
  return [workflowId, ...children];
}

/** The texts that occur in the bytes, as they are or in an encoding in which programs pass texts on. */
export const encodedIn = (bytes: Buffer, texts: readonly string[]): string[] =>
  texts.filter((text) => encodingsOf(text).some((encoded) => bytes.includes(encoded)));

function encodingsOf(text: string): Buffer[] {
  const plain = Buffer.from(text);
  const json = JSON.stringify(text).slice(1, -1);
  const texts = [
    text,
    json,
    encodeURIComponent(text),
    plain.toString('hex'),
    plain.toString('hex').toUpperCase(),
  ];
  return [
    ...texts.map((encoded) => Buffer.from(encoded)),
    Buffer.from(text, 'utf16le'),
    Buffer.from(text, 'utf16le').swap16(),
    ...(['base64', 'base64url'] as const).flatMap((encoding) => base64Of(plain, encoding)),
  ];
}

/** The part of the base64 text that is the same whatever surrounds the bytes, for each of the three ways to begin. */
function base64Of(plain: Buffer, encoding: 'base64' | 'base64url'): Buffer[] {
  return [0, 1, 2].map((before) => {
    const padded = Buffer.concat([Buffer.alloc(before), plain]);
    const whole = padded.subarray(0, padded.length - (padded.length % 3)).toString(encoding);
    return Buffer.from(whole.slice(before === 0 ? 0 : 4));
  });
}
