import type { History } from '@temporalio/common/lib/proto-utils.js';
import { expectHistoryFollows, stepsOfHistory } from './history.ts';

/** A history with these scheduled activities, each given as `activityType: summary`. */
const history = (...calls: string[]) =>
  ({
    events: calls.flatMap((call) => {
      const [name, summary] = call.split(': ');
      return [
        {
          activityTaskScheduledEventAttributes: { activityType: { name: name! } },
          userMetadata: { summary: { data: Buffer.from(JSON.stringify(summary)) } },
        },
        { activityTaskCompletedEventAttributes: {} },
      ];
    }),
  }) satisfies History;

const copy = [
  'getImageSet: getSourceImageSet',
  'getImageSet: getDestinationImageSet',
  'copyImageSet: copyImageSet',
  'getImageSet: pollDestination · 1',
  'getImageSet: pollDestination · 2',
];

describe('stepsOfHistory', () => {
  test('ignores calls outside the document, and counts a poll as one step', () => {
    const steps = stepsOfHistory(
      history('getImageSet: poll · 1', 'getImageSetMetadata: +evidence', 'getImageSet: poll · 2'),
    );
    expect(steps).toEqual([{ activityType: 'getImageSet', stepId: 'poll' }]);
  });

  test('counts a change each time', () => {
    expect(stepsOfHistory(history('copyImageSet: copy', 'copyImageSet: copy'))).toHaveLength(2);
  });

  test('reads a history from JSON, where bytes are base64', () => {
    const json = JSON.parse(
      JSON.stringify(history('getImageSet: poll · 1'), (_key, value) =>
        value?.type === 'Buffer' ? Buffer.from(value.data).toString('base64') : value,
      ),
    );
    expect(stepsOfHistory(json)).toEqual([{ activityType: 'getImageSet', stepId: 'poll' }]);
  });

  test('includes a call without a summary', () => {
    const unnamed = {
      events: [{ activityTaskScheduledEventAttributes: { activityType: { name: 'getImageSet' } } }],
    };
    expect(stepsOfHistory(unnamed)).toEqual([{ activityType: 'getImageSet', stepId: '' }]);
  });
});

describe('expectHistoryFollows', () => {
  const follows = (calls: string[], lastStep?: string) => () =>
    expectHistoryFollows('copy-image-set.yaml', history(...calls), lastStep);

  test('accepts a run that follows its document', () => {
    expect(follows(copy)).not.toThrow();
  });

  test('accepts a run that failed at the given step', () => {
    expect(follows(copy.slice(0, 2), 'getDestinationImageSet')).not.toThrow();
    expect(follows(copy, 'getDestinationImageSet')).toThrow('toEqual');
  });

  test('distinguishes the services if both have an operation of that name', () => {
    const tag = history(
      'getImageSet: getImageSet',
      'tagImagingResource: tagResource',
      'listTagsForImagingResource: listTags',
    );
    expect(() => expectHistoryFollows('tag-image-set.yaml', tag)).not.toThrow();
  });

  test.each([
    ['a step is missing', copy.slice(0, 3)],
    ['two steps changed places', [copy[1]!, copy[0]!, ...copy.slice(2)]],
    ['a change was made twice', copy.toSpliced(2, 0, copy[2]!)],
    ['a step has another name', copy.with(2, 'copyImageSet: copy')],
    ['a step has another operation', copy.with(2, 'deleteImageSet: copyImageSet')],
    ['a call is not in the document', [...copy, 'getImageSet: verify']],
  ])('rejects a run in which %s', (_what, calls) => {
    expect(follows(calls)).toThrow('toEqual');
  });
});
