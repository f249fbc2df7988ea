/**
 * The templates of recurring imports: `s3://bucket/incoming/{yyyy}/{MM}/{dd}/` names another folder each day.
 *
 * Not for workflow code: the time zone data are part of Node, and two workers may have different versions. So an activity
 * expands templates, and a replay reads its recorded result.
 */

/** Year, month, day, hour (0 to 23) and minute. They have a fixed width, so that an input is valid at any time. */
export const TEMPLATES = ['{yyyy}', '{MM}', '{dd}', '{HH}', '{mm}'] as const;

type Template = (typeof TEMPLATES)[number];

/** The time that templates are replaced with. */
export interface Moment {
  /** ISO 8601. */
  scheduledAt: string;
  /** The IANA name of the time zone of the date and the hour. */
  timeZone?: string | undefined;
  /** Such as `-1 day`: the night's import of the day that has just ended. */
  offset?: string | undefined;
}

const KNOWN = new RegExp(TEMPLATES.join('|'), 'g');

/** Whether a text has a brace that is not part of a known template. */
export function hasUnknownTemplate(text: string): boolean {
  return /[{}]/.test(text.replaceAll(KNOWN, ''));
}

/** Expands the templates in all strings of a JSON value. */
export function expandTemplates<Value>(value: Value, moment: Moment): Value {
  const clock = clockAt(moment);
  return mapStrings(value, (text) => text.replaceAll(KNOWN, (template) => clock[template as Template]));
}

function mapStrings<Value>(value: Value, change: (text: string) => string): Value {
  const reviver = (_: string, member: unknown) => (typeof member === 'string' ? change(member) : member);
  return JSON.parse(JSON.stringify(value), reviver) as Value;
}

const MINUTES = { minute: 1, hour: 60 } as const;
const DAYS = { day: 1, week: 7 } as const;

/** The values of all templates. */
function clockAt({ scheduledAt, timeZone = 'UTC', offset }: Moment): Record<Template, string> {
  const { minutes, days } = parseOffset(offset);
  const local = localTime(Date.parse(scheduledAt) + minutes * 60_000, timeZone);
  // Days are calendar days: before a day of 23 hours, the previous day is not 24 hours earlier.
  const day = new Date(Date.UTC(local.year, local.month - 1, local.day + days));
  const digits = (number: number, width = 2) => String(number).padStart(width, '0');
  return {
    '{yyyy}': digits(day.getUTCFullYear(), 4),
    '{MM}': digits(day.getUTCMonth() + 1),
    '{dd}': digits(day.getUTCDate()),
    '{HH}': digits(local.hour),
    '{mm}': digits(local.minute),
  };
}

/** Minutes and hours are elapsed time; days and weeks are calendar days. */
function parseOffset(offset: string | undefined): { minutes: number; days: number } {
  if (offset === undefined) return { minutes: 0, days: 0 };
  const [, count, unit = ''] = OFFSET.exec(offset) ?? [];
  const times = (sizes: Readonly<Record<string, number>>) => Number(count) * (sizes[unit] ?? 0);
  return { minutes: times(MINUTES), days: times(DAYS) };
}

const OFFSET = /^([+-]\d{1,4}) (minute|hour|day|week)s?$/;

export function isOffset(text: string): boolean {
  return OFFSET.test(text);
}

/** Whether Node knows this time zone. (Node also accepts `+01:00`, which Temporal's schedules do not.) */
export function isTimeZone(name: string): boolean {
  try {
    const { timeZone } = new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions();
    return /^[A-Z]/i.test(timeZone);
  } catch {
    return false;
  }
}

function localTime(time: number, timeZone: string) {
  const parts = new Intl.DateTimeFormat('en-u-ca-gregory-nu-latn', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  }).formatToParts(time);
  const number = (type: Intl.DateTimeFormatPartTypes) =>
    Number(parts.find((part) => part.type === type)?.value);
  return {
    year: number('year'),
    month: number('month'),
    day: number('day'),
    hour: number('hour'),
    minute: number('minute'),
  };
}
