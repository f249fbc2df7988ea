import { Worker } from '@temporalio/worker';
import { FLOW_RULES } from '../../src/input-rules/flows.ts';
import { quietRuntime, required } from '../support/cluster.ts';
import { recordedHistories } from '../support/histories.ts';

const replayOptions = () => ({ workflowBundle: { codePath: required('AHW_TEST_BUNDLE') } });
const histories = recordedHistories();

beforeAll(quietRuntime);

test('there is a history of every flow', () => {
  const flows = new Set(histories.map(({ name }) => name.replace(/\..*/, '')));
  expect([...flows].toSorted((a, b) => a.localeCompare(b))).toEqual(
    Object.keys(FLOW_RULES).toSorted((a, b) => a.localeCompare(b)),
  );
});

test.each(histories)('$name replays', async ({ name, history }) => {
  await expect(Worker.runReplayHistory(replayOptions(), history, name)).resolves.toBeUndefined();
});

test('a history that the code would not have written is found', async () => {
  const [{ name, history } = { name: '', history: {} }] = histories;
  const forged = structuredClone(history);
  const scheduled = forged.events?.find((event) => event.activityTaskScheduledEventAttributes);
  if (scheduled?.activityTaskScheduledEventAttributes?.activityType) {
    scheduled.activityTaskScheduledEventAttributes.activityType.name = 'somethingElse';
  }
  await expect(Worker.runReplayHistory(replayOptions(), forged, name)).rejects.toThrow(/[Nn]ondeterminism/);
});
