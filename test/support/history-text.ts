import type { Cluster } from './cluster.ts';

/** All that Temporal stores of a run, payloads included, as text. Tests search it for text that must not be stored. */
export async function textOfHistory({ flows }: Cluster, workflowId: string): Promise<string> {
  const { events } = await flows.temporal.workflow.getHandle(workflowId).fetchHistory();
  return readable(events);
}

/** A part of a history with its payloads as text. They are bytes, which protobufjs would write as base64. */
export function readable(part: unknown): string {
  return JSON.stringify(part, (name: string, value: unknown) =>
    name === 'data' && typeof value === 'string' ? Buffer.from(value, 'base64').toString() : value,
  );
}
