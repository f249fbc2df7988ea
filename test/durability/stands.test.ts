/** The table of stands contains every step at which a recorded run has waited or changed something. */
import { isRead, summaryOf } from '../arazzo/history.ts';
import { recordedHistories } from '../support/histories.ts';
import { KINDS } from './runs.ts';
import { standsOf } from './stands.ts';

const recorded = recordedHistories().flatMap(({ name, history }) => {
  const kind = KINDS.find((one) => name.split('.')[0] === one);
  return kind ? [{ name, kind, history }] : [];
});

test('there is a recorded run of every flow that changes something', () => {
  const missing = KINDS.filter((kind) => !recorded.some((one) => one.kind === kind));
  expect(missing).toEqual(['copyToNew']);
});

test.each(recorded)('$name', ({ kind, history }) => {
  const steps = (history.events ?? []).flatMap((event) => {
    const summary = summaryOf(event);
    const activityType = event.activityTaskScheduledEventAttributes?.activityType?.name;
    // `+outcome` only reads S3.
    const changes = activityType && !isRead({ activityType }) && !summary.startsWith('+');
    const [, waitedFor] = /^wait before (.*)/.exec(summary) ?? [];
    return changes ? [summary] : (waitedFor ?? []);
  });
  const stands = standsOf(kind).map(({ step }) => step);
  expect(steps.filter((step) => !stands.includes(step))).toEqual([]);
});
