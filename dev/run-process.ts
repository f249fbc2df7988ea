/** Runs a development command, and cleans up however it ends. */
import { constants } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { UserError, explainOurs } from '../src/lib/user-error.ts';

export interface Life {
  /** Registers a clean-up for the end. The last registered runs first. */
  readonly defer: (cleanUp: () => unknown) => void;
  /** Ends the process with its clean-ups. */
  readonly fail: (error: unknown) => void;
}

export interface Ending {
  /** The exit code after Ctrl-C: 130, unless Ctrl-C is the normal end of the command. */
  readonly onInterrupt?: number;
}

/**
 * Runs `main`. When it returns or throws, at the first signal, or when the reader of our output closes the pipe, the clean-ups
 * run and the process exits. Further signals during the clean-up are ignored: npm forwards a Ctrl-C that the terminal has
 * already sent to us, and users press it twice. Errors during the clean-up are ignored too, because `main` may still call the
 * servers that are being stopped.
 */
export async function runProcess(main: (life: Life) => Promise<void>, ending: Ending = {}): Promise<never> {
  const { SIGINT, SIGTERM, SIGHUP, SIGPIPE } = constants.signals;
  const cleanUps: (() => unknown)[] = [];
  const { code, error } = await new Promise<{ code: number; error?: unknown }>((end) => {
    process.on('SIGINT', () => end({ code: ending.onInterrupt ?? 128 + SIGINT }));
    process.on('SIGTERM', () => end({ code: 128 + SIGTERM }));
    process.on('SIGHUP', () => end({ code: 128 + SIGHUP }));
    for (const stream of [process.stdout, process.stderr]) {
      stream.on('error', () => end({ code: 128 + SIGPIPE }));
    }
    const fail = (error: unknown) => void failed(error).then(end);
    process.on('uncaughtException', fail);
    main({ defer: (cleanUp) => cleanUps.push(cleanUp), fail }).then(() => end({ code: 0 }), fail);
  });
  if (error !== undefined) console.error(explainOurs(error));
  for (const cleanUp of cleanUps.toReversed()) await cleanUp();
  process.exit(code);
}

/** Waits a moment before an error is reported: the exit of a server, or Ctrl-C, may have caused it, and is reported instead. */
async function failed(error: unknown): Promise<{ code: number; error: unknown }> {
  if (!(error instanceof UserError)) await pause(500);
  return { code: 1, error };
}
