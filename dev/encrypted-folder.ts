/**
 * Marks the data folder of `npm run dev` by a file if its runs are encrypted. `npm run dev` on such a folder encrypts even without
 * `--encrypted`, because a worker without the key could not read the histories of the open runs, and so could not continue them.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Say } from './say.ts';

const markOf = (folder: string) => join(folder, 'encrypted.txt');

/** @returns whether payloads are encrypted; what the user may not expect of that is said */
export function encryptsPayloads(folder: string, wanted: boolean, say: Say): boolean {
  const before = existsSync(markOf(folder));
  if (before && !wanted) {
    say(
      `The runs in ${folder} are encrypted, so new ones are too, as with --encrypted. For clear text, use another folder: --data DIR`,
    );
  }
  if (wanted && !before && existsSync(join(folder, 'temporal.db'))) {
    say(`From now on the runs in ${folder} are encrypted. What it has stored before stays in clear text.`);
  }
  return before || wanted;
}

export function rememberEncryption(folder: string): void {
  writeFileSync(
    markOf(folder),
    'npm run dev has encrypted the payloads of the runs in this folder with a key of its local KMS (aws/). ' +
      'Because this file is there, it does so at each start.\n',
  );
}
