/**
 * Rewrites a message of yargs in terms of this program, in one line. yargs names flags without dashes, and calls ids
 * "non-option arguments".
 *
 * @param args - the arguments of the program. They show whether a name in the message was typed as a flag
 */
export function inOurWords(message: string, args: readonly string[]): string {
  const line = message.replaceAll(/\s*\n\s*/g, ' ');
  // All positional arguments of our commands are ids.
  if (line.startsWith('Not enough non-option arguments')) return 'The id is missing.';
  const [, flag] = /^Not enough arguments following: (.*)/.exec(line) ?? [];
  if (flag !== undefined) return `--${flag} needs a value.`;
  const [, missing] = /^Missing required arguments?: (.*)/.exec(line) ?? [];
  if (missing !== undefined) return `Missing: ${missing.replaceAll(/[\w-]+/g, '--$&')}.`;
  const [, unknown] = /^Unknown arguments?: (.*)/.exec(line) ?? [];
  if (unknown !== undefined) {
    const asTyped = unknown.split(', ').map((name) => typed(name, args));
    return `Not known here: ${asTyped.join(', ')}.`;
  }
  const choices = [...line.matchAll(/Argument: (\S+), Given: .*?, Choices: (.*?)(?= Argument: |$)/g)];
  if (choices.length === 0) return line;
  return `${choices.map(([, name, allowed]) => `--${name} must be one of ${allowed}`).join('; ')}.`;
}

function typed(name: string, args: readonly string[]): string {
  if (args.includes(name)) return `"${name}"`;
  return args.includes(`-${name}`) ? `-${name}` : `--${name}`;
}
