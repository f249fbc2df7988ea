/** Definitions of flags that check their values: given once, not empty, and a valid number or time where one is expected. */
import { membersOf, scheduleMembers } from '../input-rules/members.ts';
import { WORKFLOW_NAMES } from '../input-rules/workflows.ts';
import { UserError } from '../lib/user-error.ts';
import { flagOf } from './flags.ts';

/** A flag that takes one text, which may begin with a dash: `--offset "-1 day"`. */
export const textOption = (flag: string, describe: string) =>
  option(describe, (value) => oneText(flag, value));

/** A flag that may be repeated and takes one text each time. */
export const textsOption = (flag: string, describe: string) => ({
  ...option(describe, (value) => [value].flat().map((text) => oneText(flag, text))),
  array: true as const,
});

/** A flag that takes a positive whole number, or `all`, which gives `Infinity`. */
export const limitOption = (describe: string) =>
  option(`${describe}; a number, or all`, (value) => {
    const text = oneText('limit', value);
    return text === 'all' ? Infinity : toWhole('limit', text, { from: 1, or: ', or all' });
  });

/** A flag that takes a positive whole number. */
export const wholeOption = (flag: string, describe: string) =>
  option(describe, (value) => toWhole(flag, oneText(flag, value), { from: 1 }));

/** A flag that takes a number of times in a second. */
export const rateOption = (flag: string, describe: string) =>
  option(describe, (value) => {
    const number = Number(oneText(flag, value));
    if (number > 0 && number <= 1_000) return number;
    throw new UserError(`${name(flag)} must be a number over 0 and up to 1,000.`);
  });

/** A flag that takes a number of whole seconds, 0 or more. */
export const secondsOption = (flag: string, describe: string) =>
  option(describe, (value) => toWhole(flag, oneText(flag, value), { from: 0 }));

/** A flag that takes a date or a time. A date means midnight in UTC, and a time without an offset is in UTC too. */
export const timeOption = (flag: string, describe: string) => ({
  ...option(describe, (value) => toTime(flag, oneText(flag, value))),
  demandOption: true as const,
});

/** The required positional `<id>` of a command. */
export const idPositional = (describe: string) =>
  ({
    type: 'string',
    describe,
    demandOption: true,
    coerce: (value: unknown) => oneText('id', value),
  }) as const;

function option<Value>(describe: string, coerce: (value: unknown) => Value) {
  return { type: 'string', nargs: 1, describe, coerce } as const;
}

/** The boolean flags of all commands and all inputs. */
const BOOLEANS = new Set(
  [...WORKFLOW_NAMES.flatMap(membersOf), ...scheduleMembers()]
    .filter(({ kind }) => kind === 'boolean')
    .map(({ name }) => flagOf(name))
    .concat('json', 'all', 'watch', 'yes', 'help', 'version'),
);

/**
 * Rejects `--force=yes`, which yargs would read as false.
 *
 * @returns true, which yargs expects from a check
 * @throws UserError for a boolean flag with a value other than `true` or `false`
 */
export function refuseOddBooleans(args: readonly string[]): true {
  for (const arg of args) {
    const [, flag = '', value] = /^--(?:no-)?([\w-]+)=(.*)$/s.exec(arg) ?? [];
    if (BOOLEANS.has(flag) && value !== 'true' && value !== 'false') {
      throw new UserError(`--${flag} takes no value, or is --${flag}=true or --${flag}=false.`);
    }
  }
  return true;
}

/**
 * Rejects flags such as `--constructor`. yargs looks up its rules for a flag in plain objects, finds a member that every object
 * inherits, and fails with a stack trace.
 *
 * @throws UserError for a flag with the name of a member of every object
 */
export function refuseInherited(args: readonly string[]): void {
  for (const arg of args) {
    const [, flag = ''] = /^--(?:no-)?([^=]*)/.exec(arg) ?? [];
    if (flag in {}) throw new UserError(`Not known here: --${flag}. (--help lists commands and flags)`);
  }
}

/** yargs gives an array if a flag is given twice, and `false` for `--no-…`. */
function oneText(flag: string, value: unknown): string {
  if (Array.isArray(value)) throw new UserError(`${name(flag)} is given more than once.`);
  if (typeof value !== 'string' || value === '') throw new UserError(`${name(flag)} must not be empty.`);
  return value;
}

function toWhole(flag: string, text: string, { from, or = '' }: { from: number; or?: string }): number {
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(number) && number >= from) return number;
  throw new UserError(`${name(flag)} must be a whole number, ${from} or more${or}.`);
}

const TIME = /^(\d{4}-\d\d-\d\d)(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/;

function toTime(flag: string, text: string): Date {
  const [, day = '', offset] = TIME.exec(text) ?? [];
  const time = new Date(text.includes('T') && offset === undefined ? `${text}Z` : text);
  // `new Date('2026-02-31')` is the 3rd of March, without an error.
  const isDay = day !== '' && !Number.isNaN(Date.parse(day)) && new Date(day).toISOString().startsWith(day);
  if (isDay && !Number.isNaN(time.getTime())) return time;
  throw new UserError(
    `${name(flag)} must be a date or a time such as 2026-01-31 or 2026-01-31T02:00:00+01:00.`,
  );
}

const name = (flag: string) => (flag === 'id' ? 'The id' : `--${flag}`);
