import { UserError } from '../src/lib/user-error.ts';
import type { Settings } from './settings.ts';

/** The options of a local AWS. Each of them is also a flag of the command. */
export interface LocalAwsOptions {
  /** 0, the default, selects any free port. */
  readonly port?: number | undefined;
  readonly host?: string | undefined;
  /** The folder of all state; `s3://bucket/key` is `<data>/s3/bucket/key`. Needed unless `memory` is given. */
  readonly data?: string | undefined;
  /** Nothing is on disk but S3's files, in a temporary folder that is removed at the end. */
  readonly memory?: boolean | undefined;
  /** Starts with a copy of this folder, which `control.save` wrote and which stays as it is. */
  readonly load?: string | undefined;
  /** Makes ids repeatable: the same seed and the same calls give the same ids. A whole number from 0 on. */
  readonly seed?: number | undefined;
  /** Everything that takes time takes 10 ms. `settings` override it. */
  readonly fast?: boolean | undefined;
  readonly settings?: Partial<Settings> | undefined;
}

/** @throws UserError for options that do not go together, or have a wrong value */
export function checkOptions({ data, memory = false, load, seed }: LocalAwsOptions): void {
  if (memory && data !== undefined) {
    throw new UserError(
      '--memory keeps nothing on disk, so it does not go with --data. Leave out one of them.',
    );
  }
  if (!memory && !data) {
    throw new UserError('--data is missing: a folder that keeps everything, or --memory to keep nothing.');
  }
  if (load === '') throw new UserError('--load must be the folder of a saved state.');
  if (seed !== undefined && !(Number.isSafeInteger(seed) && seed >= 0)) {
    throw new UserError('--seed must be a whole number from 0 on.');
  }
}
