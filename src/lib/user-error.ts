import { isRecord } from './guards.ts';

/** Something that whoever typed the command can put right: shown as its message alone, without a stack trace. */
export class UserError extends Error {
  override readonly name = 'UserError';
}

/**
 * What a person is told of an error that ends a command. Every entry point uses it, so that a stack trace is only ever
 * seen for a bug of ours, and is then said to be one.
 *
 * @returns the message of the first error in the chain of causes that is a {@link UserError}, an error of the operating
 *   system, an answer of Temporal or of AWS, or a failure of a run; else the stack trace, and where to report it
 */
export function explain(error: unknown): string {
  for (let cause = error; isRecord(cause); cause = cause['cause']) {
    const reason = reasonOf(cause);
    if (reason !== undefined) return reason;
  }
  const trace = error instanceof Error ? error.stack : String(error);
  return `This is a bug of aws-health-workflows. Please report it where you got the package from (CONTRIBUTING.md, "Reporting a bug"), together with these lines:\n${trace}`;
}

/** Told by shape and name, since the classes of the SDKs take long to load. */
function reasonOf(error: Readonly<Record<string, unknown>>): string | undefined {
  const { name, code, syscall, details } = error;
  const message = String(error['message'] || code);
  if (name === 'UserError' || name === 'ApplicationFailure' || name === 'TransportError') return message;
  // Before AWS: the SDK adds `$metadata` to an error of the connection as well.
  if (typeof code === 'string' && (typeof syscall === 'string' || name === 'AggregateError')) return message;
  if (typeof code === 'number' && typeof details === 'string') return `Temporal answers: ${details}`;
  if (isRecord(error['$metadata'])) return `AWS answers ${String(name)}: ${message}`;
  return undefined;
}

/** Runs an entry point; when that fails, says why on stderr and ends the process with code 1. */
export async function runMain(main: () => Promise<void>): Promise<void> {
  const fail = async (error: unknown) => {
    console.error(explain(error));
    // A pipe holds 64 KB: what its reader has not taken yet would be lost.
    await Promise.all([process.stdout, process.stderr].map(untilTaken));
    // A connection that is still open must not keep alive what has failed.
    process.exit(1);
  };
  process.on('uncaughtException', (error) => void fail(error));
  try {
    await main();
  } catch (error) {
    await fail(error);
  }
}

/** Resolves once all that was written has been taken by whoever reads it, or nobody reads any more. */
function untilTaken(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write('', () => resolve()));
}
