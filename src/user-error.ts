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
    // A connection that is still open must not keep alive what has failed.
    process.exit(1);
  }
}
