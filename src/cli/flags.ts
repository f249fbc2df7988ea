/** Makes flags of the members of an input, and an input of the flags. */
import { JSONRepairError, jsonrepair } from 'jsonrepair';
import type { Argv } from 'yargs';
import { isRecord } from '../lib/guards.ts';
import type { Problem } from '../input-rules/ajv.ts';
import type { Member } from '../input-rules/members.ts';
import { textOf } from '../input-rules/member-texts.ts';
import { UserError } from '../lib/user-error.ts';
import { shellCommand } from './terminal.ts';

/** `InputS3Uri` → `input-s3-uri`. The services differ only in the case of the first letter, so their flags are the same. */
export function flagOf(member: string): string {
  return member.replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase();
}

/**
 * The member that a flag stands for, even a misspelt one: `datastor-id` → `datastorId`. A message of the input rules shows the name of an
 * unknown member only if it has no hyphen, because other names could be data of a patient.
 */
const memberOf = (flag: string) => flag.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** Adds a flag for each member. yargs must read all values as text: as a number, the id `0042` would become `42`. */
export function withFlags<Args>(yargs: Argv<Args>, members: readonly Member[], group: string): Argv<Args> {
  for (const member of byNeed(members)) {
    yargs.option(flagOf(member.name), {
      // `nargs: 1` makes the next argument the value, even if it begins with a dash: `--offset "-1 day"`.
      ...(member.kind === 'boolean' ? { type: 'boolean' } : { type: 'string', nargs: 1 }),
      describe: describeMember(member),
      group,
      ...(member.choices && { choices: member.choices }),
    });
  }
  return yargs;
}

/** The help of a flag: meaning, form, example, and whether it is required, such as `the role by which … (ARN …, such as arn:…) [required]`. */
function describeMember(member: Member): string {
  const { what, form } = textOf(member);
  const written =
    member.kind === 'boolean'
      ? ''
      : ` (${form === undefined ? '' : `${form}, `}such as ${exampleOf(member)})`;
  const need = describeNeed(member, (name) => `--${flagOf(name)}`);
  return what + written + (need && ` [${need}]`);
}

/** An example of a member's value, as it is typed in a shell. */
function exampleOf(member: Member): string {
  const { example } = textOf(member);
  return shellCommand(typeof example === 'string' ? example : JSON.stringify(example));
}

/**
 * Describes whether a member is required, such as `required, unless --datastore-id`; empty if it is optional.
 *
 * @param show - formats the name of another member
 */
export function describeNeed({ needed, goesWith }: Member, show: (name: string) => string): string {
  if (needed === 'always') return 'required';
  const others = (names: readonly string[] = []) => names.map(show).join(' or ');
  if (needed !== undefined) return `required, unless ${others(needed)}`;
  return goesWith === undefined ? '' : `needs ${others(goesWith)}`;
}

const RANKS = { always: 0, unless: 1, never: 2 } as const;
const rankOf = ({ needed }: Member) =>
  RANKS[needed === undefined ? 'never' : needed === 'always' ? needed : 'unless'];

/** Sorts required members first, and otherwise keeps the order of the rules. */
export const byNeed = (members: readonly Member[]) => members.toSorted((a, b) => rankOf(a) - rankOf(b));

/**
 * yargs rejects no words in the commands of flows, because they are not strict. A cron expression without quotes leaves such words.
 *
 * @param words - how many words the command itself has: 2 for `start FLOW`
 * @throws UserError for a word that belongs to no flag
 */
export function refuseStrayWords(args: Readonly<Record<string, unknown>>, words: number): void {
  const stray: unknown = [args['_']].flat()[words];
  if (typeof stray === 'string')
    throw new UserError(`"${stray}" is not the value of a flag. A value with spaces needs quotes.`);
}

/**
 * The parsed flags as members of the input. An unknown flag becomes a member too, so that the input rules reject it by its name.
 *
 * @throws UserError for a flag that is given twice, of which yargs makes a list
 */
export function membersFrom(
  args: Readonly<Record<string, unknown>>,
  members: readonly Member[],
  notMembers: ReadonlySet<string>,
): Record<string, unknown> {
  const byFlag = new Map(members.map((member) => [flagOf(member.name), member]));
  const given = Object.entries(args).filter(([flag, value]) => value !== undefined && !notMembers.has(flag));
  return Object.fromEntries(
    given.map(([flag, value]) => {
      if (Array.isArray(value)) throw new UserError(`--${flag} is given more than once.`);
      const member = byFlag.get(flag);
      return member ? [member.name, parse(member, flag, value)] : [memberOf(flag), value];
    }),
  );
}

function parse({ kind }: Member, flag: string, value: unknown): unknown {
  if (typeof value !== 'string') return value;
  // `Number('')` is 0. Keep the text, so that the input rules report that it is not a number.
  if (kind === 'number') return value.trim() === '' ? value : Number(value);
  return kind === 'json' ? parseJson(value, `--${flag}`) : value;
}

/**
 * @param where - what holds the text, such as `--polling`
 * @throws UserError that begins with `where`, and names the line and column of the mistake. It repeats nothing of the text, which could
 *   hold data of a patient.
 */
export function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const before = text.slice(0, faultIn(text)).split('\n');
    const place = `line ${before.length}, column ${(before.at(-1) ?? '').length + 1}`;
    throw new UserError(`${where} must be JSON, such as '{"name": "value"}'. The mistake is at ${place}.`);
  }
}

/**
 * The position of the first mistake in a text that is not JSON: the first character that `jsonrepair` would change. The error of
 * `JSON.parse` has a position only for some mistakes.
 */
function faultIn(text: string): number {
  let repaired = '';
  try {
    repaired = jsonrepair(text);
  } catch (error) {
    if (error instanceof JSONRepairError) return error.position;
  }
  let at = 0;
  while (at < text.length && text[at] === repaired[at]) at += 1;
  return at;
}

/** The problems of an input, with members named by their flags. */
export function asFlags(problems: readonly Problem[], members: readonly Member[]): Problem[] {
  const byName = new Map(members.map((member) => [member.name, member]));
  return problems.map(({ member, rule }) => {
    const [first = '', ...rest] = member.replace(/^input\./, '').split('.');
    const known = byName.get(first);
    const flag = known || rule.startsWith('is not known') ? `--${flagOf(first)}` : first;
    // A regular expression is hard to read, an example is not.
    const example =
      known && rest.length === 0 && rule.startsWith('must match') ? exampleOf(known) : undefined;
    // Elsewhere replace only camel-case names: members such as `force` are also plain English words.
    const names = /^(is not known|is missing, or|does not go with|or) /.test(rule)
      ? /\w+/g
      : /\w*[a-z][A-Z]\w*/g;
    const inFlags = rule.replaceAll(names, (name) => (byName.has(name) ? `--${flagOf(name)}` : name));
    return {
      member: [flag, ...rest].join('.'),
      rule: example === undefined ? inFlags : `${inFlags}, such as ${example}`,
    };
  });
}

/** @throws UserError if a whole input is not a JSON object */
export function asInput(value: unknown, where: string): Record<string, unknown> {
  if (isRecord(value)) return value;
  throw new UserError(`${where} must hold one JSON object: the input of the flow.`);
}
