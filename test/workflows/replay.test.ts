import { Worker } from '@temporalio/worker';
import { WORKFLOW_NAMES } from '../../src/input-rules/workflows.ts';
import { quietRuntime, required } from '../support/cluster.ts';
import { recordedHistories } from '../support/histories.ts';

const replayOptions = () => ({ workflowBundle: { codePath: required('AHW_TEST_BUNDLE') } });
const histories = recordedHistories();

beforeAll(quietRuntime);

test('there is a history of every workflow', () => {
  const flows = new Set(histories.map(({ name }) => name.replace(/\..*/, '')));
  expect([...flows].toSorted((a, b) => a.localeCompare(b))).toEqual(
    WORKFLOW_NAMES.toSorted((a, b) => a.localeCompare(b)),
  );
});

test.each(histories)('$name replays', async ({ history, workflowId }) => {
  await expect(Worker.runReplayHistory(replayOptions(), history, workflowId)).resolves.toBeUndefined();
});

test('a history that the code would not have recorded is detected', async () => {
  const forged = structuredClone(histories[0]!.history);
  const scheduled = forged.events?.find((event) => event.activityTaskScheduledEventAttributes);
  if (scheduled?.activityTaskScheduledEventAttributes?.activityType) {
    scheduled.activityTaskScheduledEventAttributes.activityType.name = 'somethingElse';
  }
  await expect(Worker.runReplayHistory(replayOptions(), forged)).rejects.toThrow(/[Nn]ondeterminism/);
});
