import { isRecord } from './guards.ts';

/** Something that whoever typed the command can put right: shown as its message alone, without a stack trace. */
export class UserError extends Error {
  override readonly name = 'UserError';
}

/**
 * What a person is told of an error that ends a program.
 *
 * @returns the message of the first error in the chain of causes that is a {@link UserError}, an error of the operating
 *   system, an answer of Temporal or of AWS, or a failure of a run; else the stack trace
 */
export function explain(error: unknown): string {
  return reasonIn(error) ?? traceOf(error);
}

/**
 * The same for the programs of this package. Each of them uses it, so that a stack trace is only ever seen for a bug of ours,
 * and is then said to be one, with where to report it.
 */
export function explainOurs(error: unknown): string {
  return (
    reasonIn(error) ??
    `This is a bug of aws-health-workflows. Please report it where you got the package from (CONTRIBUTING.md, "Reporting a bug"), together with these lines:\n${traceOf(error)}`
  );
}

const traceOf = (error: unknown) => (error instanceof Error ? String(error.stack) : String(error));

function reasonIn(error: unknown): string | undefined {
  for (let cause = error; isRecord(cause); cause = cause['cause']) {
    const reason = reasonOf(cause);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

/** Errors whose message says it all: ours, the failure of a run, a server that cannot be reached, no AWS credentials. */
const SELF_EXPLAINING = new Set([
  'UserError',
  'ApplicationFailure',
  'TransportError',
  'CredentialsProviderError',
]);

/** Told by shape and name, since the classes of the SDKs take long to load. */
function reasonOf(error: Readonly<Record<string, unknown>>): string | undefined {
  const { name, code, details } = error;
  const message = String(error['message'] || code);
  if (SELF_EXPLAINING.has(String(name))) return message;
  // Such as ECONNRESET. Before AWS: the SDK adds `$metadata` to an error of the connection as well.
  if (typeof code === 'string' && /^E[A-Z\d]+$/.test(code)) return message;
  if (typeof code === 'number' && typeof details === 'string') return `Temporal answers: ${details}`;
  if (isRecord(error['$metadata'])) return `AWS answers ${String(name)}: ${message}`;
  return undefined;
}

/**
 * Runs the entry point of a program; when that fails, says why on stderr and ends the process with code 1.
 *
 * @param tell - how an error is told: without a stack trace where its reason is known
 *
 * @example
 * await runMain(async () => {
 *   const worker = await Worker.create({ ...(await workerOptions(process.env)), workflowsPath });
 *   await worker.run();
 * });
 */
export async function runMain(main: () => Promise<void>, tell = explain): Promise<void> {
  const fail = async (error: unknown) => {
    console.error(tell(error));
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
