/** Joins words to a command that can be pasted into a POSIX shell, and quotes those that need it. */
export function shellCommand(...words: readonly string[]): string {
  return words
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`))
    .join(' ');
}

/**
 * How the user runs this program: by its name if it is installed globally, otherwise by `npx`, for which npm sets this
 * environment variable. Without `npx`, a printed command would not be found when the user pastes it.
 */
export const PROGRAM = `${process.env['npm_command'] === 'exec' ? 'npx ' : ''}aws-health-workflows`;

/** A command of this program, to be pasted into the user's shell. */
export const ourCommand = (...words: readonly string[]) => `${PROGRAM} ${shellCommand(...words)}`;
