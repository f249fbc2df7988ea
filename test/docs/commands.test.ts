/** Every `temporal workflow start` in the documentation is run unchanged, and its input passes the check. */
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { FLOW_RULES } from '../../src/input-rules/flows.ts';
import { localAws } from '../local-aws/harness.ts';
import { required, withCluster, type Cluster } from '../support/cluster.ts';

const docs = join(import.meta.dirname, '../../docs');
const files = readdirSync(join(docs, 'flows')).map((name) => join(docs, 'flows', name));
const commands = files.flatMap((file) => commandsIn(readFileSync(file, 'utf8')));

/** The commands in a document's shell blocks, each with the flow it starts. */
function commandsIn(markdown: string): { type: string; command: string }[] {
  const blocks = [...markdown.matchAll(/```sh\n([^`]+)```/g)].map(([, block = '']) => block);
  return blocks.flatMap((command) => {
    const [, type] = /temporal workflow start .*--type (\w+)/.exec(command) ?? [];
    return type === undefined ? [] : [{ type, command }];
  });
}

let cluster: Cluster;

withCluster(localAws, (_, started) => (cluster = started));

test('there is a command for every flow', () => {
  const types = new Set(commands.map(({ type }) => type));
  expect(Object.keys(FLOW_RULES).filter((flow) => !types.has(flow))).toEqual([]);
});

test.each(commands)('$type', async ({ type, command }) => {
  const temporal = `"${required('AHW_TEST_TEMPORAL')}"`;
  const mine = command
    .replace(/^temporal/, temporal)
    .replace('--task-queue aws-health', `--task-queue ${cluster.taskQueue} --workflow-id docs-${type}`);
  const env = { ...process.env, TEMPORAL_ADDRESS: cluster.address };
  execFileSync('/bin/sh', ['-c', mine], { env, stdio: 'pipe' });

  const handle = cluster.flows.temporal.workflow.getHandle(`docs-${type}`);
  const checked = async () => {
    const { events } = await handle.fetchHistory();
    return events?.find(({ workflowExecutionFailedEventAttributes, activityTaskScheduledEventAttributes }) =>
      Boolean(workflowExecutionFailedEventAttributes ?? activityTaskScheduledEventAttributes),
    );
  };
  let event = await checked();
  while (!event) event = await checked();
  // A run calls AWS only after the check, so a call proves that the input is valid.
  expect(event.workflowExecutionFailedEventAttributes?.failure?.message).toBeUndefined();
});
