/** Checks that a run makes the calls of its Arazzo document, step by step. */
import { documentName, type FlowInput } from '../../src/client.ts';
import type { FlowName } from '../../src/input-rules/flows.ts';
import { expectHistoryFollows } from '../arazzo/history.ts';
import type { Cluster } from './cluster.ts';
import { recordHistory } from './histories.ts';

/**
 * Runs a flow to completion, checks its history against its document, and records the history for replay.
 *
 * @param lastStep - the step at which the run ends, if that is before the document's last step
 */
export async function followed<Flow extends FlowName>(
  { flows }: Cluster,
  flow: Flow,
  input: FlowInput<Flow>,
  lastStep?: string,
) {
  const run = await flows.start(flow, input);
  const result = await run.result();
  const history = await run.fetchHistory();
  expectHistoryFollows(`${documentName(flow)}.yaml`, history, lastStep);
  recordHistory(flow, history);
  return result;
}
