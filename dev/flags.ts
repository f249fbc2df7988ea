/** Command lines of our own few words. */
import { parseArgs } from 'node:util';
import { UserError } from '../src/user-error.ts';

/** Flags by name: `true` for one that stands alone, or the word that stands for its value. */
export type Flags = Readonly<Record<string, true | string>>;

export type FlagValues<Known extends Flags> = {
  readonly [Name in keyof Known]?: Known[Name] extends true ? boolean : string;
};

/** @throws UserError, one line that says what is right, for anything that is not one of them */
export function readFlags<const Known extends Flags>(known: Known, command: string): FlagValues<Known> {
  const options = Object.fromEntries(
    Object.entries(known).map(
      ([name, value]) => [name, { type: value === true ? 'boolean' : 'string' }] as const,
    ),
  );
  const { tokens, values } = parseArgs({ options, strict: false, allowPositionals: true, tokens: true });
  for (const token of tokens) {
    const flag = token.kind === 'option' ? token.name : '';
    const takesValue = known[flag] !== true;
    if (token.kind === 'option' && flag in known && takesValue === (token.value !== undefined)) continue;
    const usage = Object.entries(known).map(([name, value]) =>
      value === true ? `[--${name}]` : `[--${name} ${value}]`,
    );
    const wrong = token.kind === 'option' ? token.rawName : token.kind === 'positional' ? token.value : '--';
    throw new UserError(`${wrong} is not right here. It goes: ${command} -- ${usage.join(' ')}`);
  }
  return values as FlagValues<Known>;
}
