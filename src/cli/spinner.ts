import ora, { type Ora } from 'ora';
import type { Terminal } from './terminal.ts';

/** A spinner on stderr while a command waits; silent with `--json`. */
export function createSpinner({ json }: Terminal): Ora {
  return ora({
    stream: process.stderr,
    isSilent: json,
    // By default ora puts the terminal into raw mode, in which Ctrl-C and Ctrl-Z have no effect.
    discardStdin: false,
    // A process that is stopped or killed while the cursor is hidden would leave the terminal without a cursor.
    hideCursor: false,
    // ora's libraries colour output to pipes too, and ignore NO_COLOR.
    color: false,
  });
}
