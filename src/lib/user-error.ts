import { isRecord } from './guards.ts';
import { ourCommand } from './shell-command.ts';

/** An error that the user can fix, such as an invalid setting. It is shown as its message only, without a stack trace. */
export class UserError extends Error {
  override readonly name = 'UserError';
}

/** The message of anything thrown, without the name of its class, with which `String(error)` begins. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/**
 * The text for a person about an error that ends a program.
 *
 * @returns the message of the first error in the chain of causes that is a {@link UserError}, an error of the operating
 *   system, an error response of Temporal or AWS, or the failure of a run; otherwise the stack trace
 */
export function explain(error: unknown): string {
  return knownReason(error) ?? traceOf(error);
}

/**
 * The same for the programs of this package. A stack trace then always means a bug of ours, so the text says that it is one,
 * and where to report it.
 */
export function explainOurs(error: unknown): string {
  return (
    knownReason(error) ??
    `This is a bug of aws-health-workflows. Please report it (CONTRIBUTING.md, "Reporting a bug"), together with these lines:\n${traceOf(error)}`
  );
}

const traceOf = (error: unknown) => (error instanceof Error ? String(error.stack) : String(error));

/** The same, but undefined where {@link explain} returns a stack trace. */
export function knownReason(error: unknown): string | undefined {
  for (let cause = error; isRecord(cause); cause = cause['cause']) {
    const reason = reasonOf(cause);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

/** The errors that are shown as their message: ours, the failure of a run, a Temporal server that cannot be reached. */
const SELF_EXPLAINING = new Set(['UserError', 'ApplicationFailure', 'TransportError']);

const SEE_DOCTOR = `. To find the cause: ${ourCommand('doctor')}`;

/** Checks names and members instead of `instanceof`, because importing the SDKs' error classes would slow down each start. */
function reasonOf(error: Readonly<Record<string, unknown>>): string | undefined {
  const { name, code, details } = error;
  const message = String(error['message'] || code);
  if (SELF_EXPLAINING.has(String(name))) return message;
  if (name === 'CredentialsProviderError') return `${message}${SEE_DOCTOR}`;
  const isOfAws = isRecord(error['$metadata']);
  // Such as ECONNRESET. Checked before `$metadata` alone, which the AWS SDK adds to a connection error too.
  if (typeof code === 'string' && /^E[A-Z\d]+$/.test(code))
    return isOfAws ? `AWS cannot be reached: ${message}${SEE_DOCTOR}` : message;
  if (typeof code === 'number' && typeof details === 'string') return `Temporal answers: ${details}`;
  if (isOfAws) return `AWS answers ${String(name)}: ${message}`;
  return undefined;
}

/**
 * Runs the main function of a program. If it fails, prints why to stderr and exits with code 1.
 *
 * @param tell - returns the text for an error: without a stack trace if its reason is known
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
    // A pipe buffers 64 KB. Output that its reader has not read yet would be lost at exit.
    await Promise.all([process.stdout, process.stderr].map(untilTaken));
    // An open connection would keep the process alive.
    process.exit(1);
  };
  process.on('uncaughtException', (error) => void fail(error));
  try {
    await main();
  } catch (error) {
    await fail(error);
  }
}

/** Resolves once the reader of a stream has read all output, or has closed the pipe. */
function untilTaken(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write('', () => resolve()));
}
