import { explainOurs, runMain } from '../lib/user-error.ts';
import { commandLine } from './commands.ts';
import { COMPLETE } from './completion-script.ts';
import { complete } from './completion.ts';
import { escapeControls } from './terminal.ts';

/**
 * Runs a command line. An error is printed to stderr, and ends the process with code 1.
 *
 * @param args - the arguments of the program, without its name
 */
export const program = (args: readonly string[]): Promise<void> =>
  runMain(
    async () => {
      const [first, line = ''] = args;
      if (first === COMPLETE) await complete(line);
      else await commandLine(args).parseAsync();
    },
    (error) => escapeControls(explainOurs(error)),
  );
