/** The life of a command of ours: runs, ends in one of many ways, always cleans up. */
import { constants } from 'node:os';
import { UserError } from '../src/user-error.ts';

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
 * the terminal has sent to us already, and people press it twice.
 */
export async function runProcess(main: (life: Life) => Promise<void>, ending: Ending = {}): Promise<never> {
  const { SIGINT, SIGTERM, SIGHUP, SIGPIPE } = constants.signals;
  const cleanUps: (() => unknown)[] = [];
  const code = await new Promise<number>((end) => {
    process.on('SIGINT', () => end(ending.onInterrupt ?? 128 + SIGINT));
    process.on('SIGTERM', () => end(128 + SIGTERM));
    process.on('SIGHUP', () => end(128 + SIGHUP));
    process.stdout.on('error', () => end(128 + SIGPIPE));
    let failed = false;
    const fail = (error: unknown) => {
      if (!failed) console.error(error instanceof UserError ? error.message : error);
      failed = true;
      end(1);
    };
    main({ defer: (cleanUp) => cleanUps.push(cleanUp), fail }).then(() => end(0), fail);
  });
  for (const cleanUp of cleanUps.toReversed()) await cleanUp();
  process.exit(code);
}
