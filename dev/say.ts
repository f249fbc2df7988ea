/** Says one line to whoever runs us. */
export type Say = (line: string) => void;

/** The default: stdout may have been promised to something else. */
export const sayOnStderr: Say = (line) => {
  process.stderr.write(`${line}\n`);
};

export const sayOnStdout: Say = (line) => {
  process.stdout.write(`${line}\n`);
};
