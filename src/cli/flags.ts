/** The members of an input as flags, and back. */
import type { Argv } from 'yargs';
import { isRecord } from '../guards.ts';
import type { Problem } from '../input-rules/ajv.ts';
import type { Member } from '../input-rules/members.ts';
import { UserError } from '../user-error.ts';

/** `InputS3Uri` → `input-s3-uri`: the two services spell alike what differs only by a capital. */
export function flagOf(member: string): string {
  return member.replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase();
}

/** Adds a flag for each member. All are text to yargs: an id such as `0042` is no number. */
export function withFlags<Args>(yargs: Argv<Args>, members: readonly Member[], group: string): Argv<Args> {
  for (const member of members) {
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

/** What the services do not document, because it is ours. */
const OURS: Readonly<Record<string, string>> = {
  polling: 'how waits are paced, such as {"timeout": "2 days"} (JSON)',
  onFileErrors: 'what failed files mean (default: report)',
  listFailedFiles: 'how many failed files to name in the result, 0 to 100 (default: 0)',
  jobId: 'wait for this job instead of starting one',
  JobId: 'wait for this job instead of starting one',
  artifactsS3Uri: "where blobs are put (default: the worker's ARTIFACTS_S3_URI)",
  artifactsKmsKeyId: "the KMS key for blobs (default: the worker's ARTIFACTS_KMS_KEY_ID)",
  cron: 'when: five fields such as "0 2 * * *", or @daily',
  every: 'instead of cron: an interval such as "6 hours"',
  timeZone: 'IANA name, for cron and templates (default: UTC)',
  offset: 'what {yyyy} … are away from the scheduled time, such as "-1 day"',
  onlyNew: 'skip a firing whose folder holds nothing new',
  jitter: 'each firing comes late by up to this much, 0 for none (default: 1 minute)',
  overlap: 'what becomes of a firing that falls into another (default: BUFFER_ONE)',
  catchupWindow: 'how late a missed firing is still made (default: 1 hour)',
  pauseOnFailure: 'pause when a firing fails (default: no)',
};

function describeMember({ name, kind, shape }: Member): string {
  const ours = OURS[name];
  if (ours !== undefined) return ours;
  return [shape, kind === 'json' ? '(JSON)' : ''].filter(Boolean).join(' ');
}

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
