import { MockActivityEnvironment } from '@temporalio/testing';
import { searchAttributesActivity } from '../../src/activities/search-attributes.ts';

/** Calls the local activity as a retried workflow task does: with the same activity id each time. */
const asker = (runId: string) =>
  new MockActivityEnvironment({ activityId: '1', workflowExecution: { workflowId: 'w', runId } });

test('a second call means that the task failed on the result, so it bypasses the cache; a third one returns none', async () => {
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
  // The third call: what the look-up returns differs from what the server accepts.
  expect(await another.run(activity)).toEqual([]);
  expect(looks).toBe(3);
});

test('if the look-up fails, runs set no search attributes', async () => {
  const activity = searchAttributesActivity(() => Promise.reject(new Error('14 UNAVAILABLE')));
  expect(await asker('one').run(activity)).toEqual([]);
});
