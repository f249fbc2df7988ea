import { MockActivityEnvironment } from '@temporalio/testing';
import { searchAttributesActivity } from '../../src/activities/search-attributes.ts';

/** Asks as a run does that repeats a workflow task: the local activity has the same id each time. */
const asker = (runId: string) =>
  new MockActivityEnvironment({ activityId: '1', workflowExecution: { workflowId: 'w', runId } });

test('a run that asks again has failed of the answer: it is given a fresh look, and then does without', async () => {
  let names = ['AwsJobId'];
  let looks = 0;
  const activity = searchAttributesActivity(() => {
    looks++;
    return Promise.resolve(names);
  });
  const [one, another] = [asker('one'), asker('another')];
  expect(await one.run(activity)).toEqual(['AwsJobId']);
  names = [];
  expect(await another.run(activity)).toEqual(['AwsJobId']);
  expect(looks).toBe(1);
  expect(await one.run(activity)).toEqual([]);
  expect(looks).toBe(2);

  names = ['AwsJobId'];
  expect(await another.run(activity)).toEqual(['AwsJobId']);
  // Asked a third time: what the look shows is not what the server checks.
  expect(await another.run(activity)).toEqual([]);
  expect(looks).toBe(3);
});

test('a server that does not tell leaves runs without search attributes', async () => {
  const activity = searchAttributesActivity(() => Promise.reject(new Error('14 UNAVAILABLE')));
  expect(await asker('one').run(activity)).toEqual([]);
});
