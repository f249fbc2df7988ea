/** The life of a command of ours: runs, ends in one of many ways, always cleans up. */
import { constants } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { UserError, explainOurs } from '../src/lib/user-error.ts';

export interface Life {
  /** Has something undone at the end, the latest first. */
  readonly defer: (cleanUp: () => unknown) => void;
  /** Ends everything, from wherever. */
  readonly fail: (error: unknown) => void;
}

export interface Ending {
  /** The exit code after Ctrl-C: 130, unless that is how the command is meant to end. */
  readonly onInterrupt?: number;
}

/**
 * Runs `main`. When it returns or throws, or at the first signal, or when nobody reads our output any more, what was
 * deferred is undone and the process exits. Signals that come during that change nothing: npm passes on a Ctrl-C that
 * the terminal has sent to us already, and people press it twice. Nor do errors, which are the consequence of the end:
 * `main` may still be calling the servers that are being stopped.
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

/** A connection breaks a moment before we learn that its server has died, or of the Ctrl-C that has ended it: these go first. */
async function failed(error: unknown): Promise<{ code: number; error: unknown }> {
  if (!(error instanceof UserError)) await pause(500);
  return { code: 1, error };
}
