import type { Cluster } from './cluster.ts';

/** All that Temporal keeps of a run, payloads too: what must not be there is looked for in it. */
export async function textOfHistory({ flows }: Cluster, workflowId: string): Promise<string> {
  const { events } = await flows.temporal.workflow.getHandle(workflowId).fetchHistory();
  return readable(events);
}

/** A part of a history with its payloads as text: they are bytes, of which protobufjs makes base64. */
export function readable(part: unknown): string {
  return JSON.stringify(part, (name: string, value: unknown) =>
    name === 'data' && typeof value === 'string' ? Buffer.from(value, 'base64').toString() : value,
  );
}
