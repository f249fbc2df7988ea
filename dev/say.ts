/** Prints one line for the user. */
export type Say = (line: string) => void;

/** The default, because stdout may be reserved for other output. */
export const sayOnStderr: Say = (line) => {
  process.stderr.write(`${line}\n`);
};

export const sayOnStdout: Say = (line) => {
  process.stdout.write(`${line}\n`);
};
