import { accessSync, constants, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { UserError, messageOf } from '../src/lib/user-error.ts';

/**
 * Creates the folder that holds all state, if it does not exist yet.
 *
 * @throws UserError where it cannot be created or written to
 */
export function makeDataFolder(folder: string): void {
  try {
    makeFolder(folder);
    accessSync(folder, constants.W_OK);
  } catch (error) {
    throw new UserError(
      `The data folder ${folder} cannot be used (${messageOf(error)}). Choose another by --data.`,
    );
  }
}

/**
 * Like `mkdirSync(folder, { recursive: true })`, which in Node 20 never returns if an existing folder refuses new folders with
 * ENOENT, as `/proc` does.
 */
function makeFolder(folder: string): void {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return;
  const parent = dirname(folder);
  if (parent !== folder) makeFolder(parent);
  mkdirSync(folder);
}
