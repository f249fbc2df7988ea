/** The members of an input as flags, and back. */
import type { Argv } from 'yargs';
import { isRecord } from '../lib/guards.ts';
import type { Problem } from '../input-rules/ajv.ts';
import type { Member } from '../input-rules/members.ts';
import { textOf } from '../input-rules/member-texts.ts';
import { UserError } from '../lib/user-error.ts';
import { shellCommand } from './terminal.ts';

/** `InputS3Uri` → `input-s3-uri`: the two services spell alike what differs only by a capital. */
export function flagOf(member: string): string {
  return member.replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase();
}

/** Adds a flag for each member. All are text to yargs: an id such as `0042` is no number. */
export function withFlags<Args>(yargs: Argv<Args>, members: readonly Member[], group: string): Argv<Args> {
  for (const member of byNeed(members)) {
    yargs.option(flagOf(member.name), {
      // One value each, whatever it begins with: `--offset "-1 day"`.
      ...(member.kind === 'boolean' ? { type: 'boolean' } : { type: 'string', nargs: 1 }),
      describe: describeMember(member),
      group,
      ...(member.choices && { choices: member.choices }),
    });
  }
  return yargs;
}

/** A sentence, the form, an example, and whether it is needed: `the role by which … (ARN …, such as arn:…) [required]`. */
function describeMember(member: Member): string {
  const { what, form, example } = textOf(member);
  const value = shellCommand(typeof example === 'string' ? example : JSON.stringify(example));
  const written =
    member.kind === 'boolean' ? '' : ` (${form === undefined ? '' : `${form}, `}such as ${value})`;
  const need = describeNeed(member, (name) => `--${flagOf(name)}`);
  return what + written + (need && ` [${need}]`);
}

/** @param show - how to write the name of a member */
export function describeNeed({ needed, goesWith }: Member, show: (name: string) => string): string {
  if (needed === 'always') return 'required';
  const others = (names: readonly string[] = []) => names.map(show).join(' or ');
  if (needed !== undefined) return `required, unless ${others(needed)}`;
  return goesWith === undefined ? '' : `needs ${others(goesWith)}`;
}

const RANKS = { always: 0, unless: 1, never: 2 } as const;
const rankOf = ({ needed }: Member) =>
  RANKS[needed === undefined ? 'never' : needed === 'always' ? needed : 'unless'];

/** The required ones first; otherwise in the order of the rules. */
export const byNeed = (members: readonly Member[]) => members.toSorted((a, b) => rankOf(a) - rankOf(b));

/** The flags that yargs has found, as members; what is no member stays under its name, for the rules to refuse. */
export function membersFrom(
  args: Readonly<Record<string, unknown>>,
  members: readonly Member[],
  notMembers: ReadonlySet<string>,
): Record<string, unknown> {
  const byFlag = new Map(members.map((member) => [flagOf(member.name), member]));
  const given = Object.entries(args).filter(([flag, value]) => value !== undefined && !notMembers.has(flag));
  return Object.fromEntries(
    given.map(([flag, value]) => {
      const member = byFlag.get(flag);
      return member ? [member.name, parse(member, flag, value)] : [flag, value];
    }),
  );
}

function parse({ kind }: Member, flag: string, value: unknown): unknown {
  if (typeof value !== 'string') return value;
  // JavaScript takes no text for zero; the rules say that text is no number.
  if (kind === 'number') return value.trim() === '' ? value : Number(value);
  return kind === 'json' ? parseJson(value, `--${flag}`) : value;
}

/** @throws UserError that says where */
export function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UserError(`${where} must be JSON, such as '{"name": "value"}'.`);
  }
}

/** The same problems, by flag. */
export function asFlags(problems: readonly Problem[], members: readonly Member[]): Problem[] {
  const names = new Set(members.map(({ name }) => name));
  return problems.map(({ member, rule }) => {
    const [first = '', ...rest] = member.replace(/^input\./, '').split('.');
    const flag = names.has(first) || rule.startsWith('is not known') ? `--${flagOf(first)}` : first;
    return {
      member: [flag, ...rest].join('.'),
      // Only what looks like a name: some members are called as words are.
      rule: rule.replaceAll(/(?<=did you mean )\w+|\w*[a-z][A-Z]\w*/g, (name) =>
        names.has(name) ? `--${flagOf(name)}` : name,
      ),
    };
  });
}

/** A JSON object that was given as a whole. */
export function asInput(value: unknown, where: string): Record<string, unknown> {
  if (isRecord(value)) return value;
  throw new UserError(`${where} must hold one JSON object, the input of the flow.`);
}
