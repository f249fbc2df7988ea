/** Something that whoever typed the command can put right: shown as its message alone, without a stack trace. */
export class UserError extends Error {
  override readonly name = 'UserError';
}

/** Runs an entry point; ends the process with code 1 and one line when the user can put it right. */
export async function runMain(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    console.error(error instanceof UserError ? error.message : error);
    // A pipe holds 64 KB: what its reader has not taken yet would be lost.
    await Promise.all([process.stdout, process.stderr].map(untilTaken));
    // A connection that is still open must not keep alive what has failed.
    process.exit(1);
  }
}

/** Resolves once all that was written has been taken by whoever reads it, or nobody reads any more. */
function untilTaken(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write('', () => resolve()));
}
