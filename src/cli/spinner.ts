import ora, { type Ora } from 'ora';
import type { Terminal } from './terminal.ts';

/** What moves on stderr while a command waits; nothing where stdout is for JSON alone. */
export function createSpinner({ json }: Terminal): Ora {
  return ora({
    stream: process.stderr,
    isSilent: json,
    // Otherwise ora puts the terminal into raw mode, where Ctrl-C and Ctrl-Z are keys that nobody reads.
    discardStdin: false,
    // A process that is stopped or killed would leave the terminal without one.
    hideCursor: false,
    // Its libraries colour pipes too, and do not know NO_COLOR.
    color: false,
  });
}
