/** Command lines of our own few words. */
import { parseArgs } from 'node:util';
import { UserError } from '../src/lib/user-error.ts';

/** Flags by name: `true` for one that stands alone, the one value that it takes, or a word in capitals for any. */
export type Flags = Readonly<Record<string, true | string>>;

export type FlagValues<Known extends Flags> = {
  readonly [Name in keyof Known]?: Known[Name] extends true ? boolean : string;
};

/** @throws UserError, one line that says what is right, for anything that is not one of them */
export function readFlags<const Known extends Flags>(known: Known, command: string): FlagValues<Known> {
  const args = process.argv.slice(2);
  const options = Object.fromEntries(
    Object.entries(known).map(
      ([name, value]) => [name, { type: value === true ? 'boolean' : 'string' }] as const,
    ),
  );
  const { tokens, values } = parseArgs({
    args,
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const usage = `${command} -- ${Object.entries(known)
    .map(([name, value]) => (value === true ? `[--${name}]` : `[--${name} ${value}]`))
    .join(' ')}`;
  if (args.includes('--help')) {
    console.log(usage);
    process.exit(0);
  }
  const wrong = tokens.find((token) => token.kind !== 'option' || !fits(known, token.name, token.value));
  if (wrong) throw new UserError(`${args[wrong.index] || "''"} is not right here. It goes: ${usage}`);
  const names = tokens.map((token) => (token.kind === 'option' ? token.name : ''));
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new UserError(`--${twice} is given more than once. It goes: ${usage}`);
  return values as FlagValues<Known>;
}

function fits(known: Flags, name: string, value: string | undefined): boolean {
  if (!Object.hasOwn(known, name)) return false;
  const takes = known[name];
  if (takes === true) return value === undefined;
  return takes === takes?.toUpperCase() ? Boolean(value) : value === takes;
}
