/** Parses the command lines of the development tools. */
import { parseArgs } from 'node:util';
import { UserError } from '../src/lib/user-error.ts';

/**
 * The flags of a command, by name. What stands for a flag says which values it takes: `true` none (`{ keep: true }` is `--keep`), a
 * lower-case word only that word (`{ server: 'existing' }` is `--server existing`), and a word in capitals any value
 * (`{ data: 'FOLDER' }` is `--data /tmp/aws`).
 */
export type Flags = Readonly<Record<string, true | string>>;

export type FlagValues<Known extends Flags> = {
  readonly [Name in keyof Known]?: Known[Name] extends true ? boolean : string;
};

/** @throws UserError with the usage in one line, for any other argument */
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
