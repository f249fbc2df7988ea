import fc from 'fast-check';
import {
  TEMPLATES,
  expandTemplates,
  hasUnknownTemplate,
  isOffset,
  isTimeZone,
} from '../src/input-rules/templates.ts';

const all = '{yyyy}-{MM}-{dd} {HH}:{mm}';
const expand = (scheduledAt: string, more: { timeZone?: string; offset?: string } = {}) =>
  expandTemplates(all, { scheduledAt, ...more });

describe('local time', () => {
  test.each([
    ['UTC by default', '2026-01-02T03:04:05Z', {}, '2026-01-02 03:04'],
    ['midnight is hour 00', '2026-01-01T00:00:00Z', {}, '2026-01-01 00:00'],
    ['east of UTC', '2026-06-30T22:30:00Z', { timeZone: 'Europe/Berlin' }, '2026-07-01 00:30'],
    ['west of UTC', '2026-01-01T07:59:00Z', { timeZone: 'America/Los_Angeles' }, '2025-12-31 23:59'],
    ['half an hour off', '2026-05-31T18:30:00Z', { timeZone: 'Asia/Kolkata' }, '2026-06-01 00:00'],
    ['a day ahead', '2026-02-28T10:00:00Z', { timeZone: 'Pacific/Kiritimati' }, '2026-03-01 00:00'],
    [
      'before the hour that is skipped',
      '2026-03-29T00:59:00Z',
      { timeZone: 'Europe/Berlin' },
      '2026-03-29 01:59',
    ],
    ['after it', '2026-03-29T01:00:00Z', { timeZone: 'Europe/Berlin' }, '2026-03-29 03:00'],
    ['the hour that comes twice', '2026-10-25T00:30:00Z', { timeZone: 'Europe/Berlin' }, '2026-10-25 02:30'],
    ['and again', '2026-10-25T01:30:00Z', { timeZone: 'Europe/Berlin' }, '2026-10-25 02:30'],
  ])('%s', (_, scheduledAt, more, expected) => {
    expect(expand(scheduledAt, more)).toBe(expected);
  });
});

describe('an offset', () => {
  test.each([
    ['the end of a month', '2026-05-01T02:00:00Z', '-1 day', '2026-04-30 02:00'],
    ['the end of a year', '2026-01-01T02:00:00Z', '-1 day', '2025-12-31 02:00'],
    ['a leap day', '2028-03-01T02:00:00Z', '-1 day', '2028-02-29 02:00'],
    ['no leap day', '2026-03-01T02:00:00Z', '-1 day', '2026-02-28 02:00'],
    ['no leap day in 2100', '2100-03-01T02:00:00Z', '-1 day', '2100-02-28 02:00'],
    ['into a leap day', '2028-02-28T02:00:00Z', '+1 day', '2028-02-29 02:00'],
    ['weeks', '2026-01-05T02:00:00Z', '-1 week', '2025-12-29 02:00'],
    ['hours', '2026-01-01T02:00:00Z', '-3 hours', '2025-12-31 23:00'],
    ['minutes', '2026-01-01T00:10:00Z', '-15 minutes', '2025-12-31 23:55'],
  ])('over %s', (_, scheduledAt, offset, expected) => {
    expect(expand(scheduledAt, { offset })).toBe(expected);
  });

  test('of a day is the previous calendar day, even if that had only 23 hours', () => {
    // 00:30 on Monday in Berlin, after a Sunday of 23 hours: 24 hours earlier it was Saturday.
    const monday = { scheduledAt: '2026-03-29T22:30:00Z', timeZone: 'Europe/Berlin' };
    expect(expandTemplates('{dd}', monday)).toBe('30');
    expect(expandTemplates('{dd}', { ...monday, offset: '-1 day' })).toBe('29');
  });

  test.each(['1 day', '-1', '-1 month', 'yesterday', '-1.5 hours', '-1 day ', '-12345 days', ''])(
    'rejects %j',
    (text) => expect(isOffset(text)).toBe(false),
  );
});

describe('laws', () => {
  const zones = fc.constantFrom(...Intl.supportedValuesOf('timeZone'));
  const times = fc.date({
    min: new Date('1971-01-01'),
    max: new Date('2199-12-31'),
    noInvalidDate: true,
  });
  const isoDay = (text: string) => Date.parse(`${text}T00:00:00Z`) / 86_400_000;

  test('the expanded time is the local time, to the minute', () => {
    fc.assert(
      fc.property(times, zones, (time, timeZone) => {
        // An independent implementation: the Swedish locale formats times as in ISO 8601.
        const shown = new Intl.DateTimeFormat('sv-SE', {
          timeZone,
          dateStyle: 'short',
          timeStyle: 'short',
        }).format(time);
        expect(expand(time.toISOString(), { timeZone })).toBe(shown);
      }),
    );
  });

  test('an offset of n days is n calendar days, at the same hour', () => {
    fc.assert(
      fc.property(times, zones, fc.integer({ min: 0, max: 999 }), (time, timeZone, days) => {
        const at = (offset?: string) => {
          const moment = { scheduledAt: time.toISOString(), timeZone, offset };
          return [
            isoDay(expandTemplates('{yyyy}-{MM}-{dd}', moment)),
            expandTemplates('{HH}:{mm}', moment),
          ] as const;
        };
        const [today, hour] = at();
        expect(at(`-${days} days`)).toEqual([today - days, hour]);
        expect(at(`+${days} day`)).toEqual([today + days, hour]);
      }),
    );
  });

  test('every template expands to the same length at any time, so an input that is valid once is always valid', () => {
    fc.assert(
      fc.property(times, zones, (time, timeZone) => {
        expect(expand(time.toISOString(), { timeZone })).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d$/);
      }),
    );
  });

  test('only templates are expanded, in every string of a value', () => {
    const moment = { scheduledAt: '2026-01-02T03:04:05Z' };
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const plain = JSON.parse(JSON.stringify(value)) as unknown;
        fc.pre(!TEMPLATES.some((template) => JSON.stringify(plain).includes(template)));
        expect(expandTemplates(plain, moment)).toEqual(plain);
      }),
    );
    expect(expandTemplates({ '{dd}': ['{dd}', 7, null, { a: '{dd}/{dd}' }] }, moment)).toEqual({
      '{dd}': ['02', 7, null, { a: '02/02' }],
    });
  });
});

test.each([
  ['in/{yyyy}/{MM}/{dd}/{HH}{mm}/', false],
  ['in/', false],
  ['{DD}', true],
  ['{yyyy', true],
  ['yyyy}', true],
  ['{{yyyy}}', true],
  ['{}', true],
])('%s contains an unknown template: %s', (text, expected) => {
  expect(hasUnknownTemplate(text)).toBe(expected);
});

test.each([
  ['Europe/Berlin', true],
  ['UTC', true],
  ['Mars/Olympus', false],
  ['+01:00', false],
  ['', false],
])('%s is a time zone: %s', (name, expected) => {
  expect(isTimeZone(name)).toBe(expected);
});
