import { errorCode, ServiceError } from '../errors.ts';

/** Whether a file is where a folder should be, or a folder where the file should be. */
export const isCollision = (error: unknown) =>
  ['EEXIST', 'ENOTDIR', 'EISDIR', 'ENOTEMPTY'].includes(errorCode(error) ?? '');

/** Why the machine refuses a write, in words that say what to do. */
const refusals: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full. Free some space, or start the local AWS with --data on another disk',
  EDQUOT:
    "the user's disk quota is used up. Free some space, or start the local AWS with --data on another disk",
  EFBIG: 'the file is larger than the file system or the limit of the process (ulimit -f) allows',
  EACCES: 'the user of the local AWS may not read or write the file. Change its permissions',
  EPERM: 'the user of the local AWS may not write the file. Change its permissions',
  EROFS: 'the file system is read-only. Start the local AWS with another --data',
  EMFILE: 'too many files are open. Send fewer requests at once, or raise ulimit -n',
};

/**
 * The error that a client sees if the machine refuses to read or write a file. Its status is 507, which clients do not
 * retry: S3 has no error for a full disk.
 */
export function asClientError(error: unknown): unknown {
  const reason = refusals[errorCode(error) ?? ''];
  if (reason === undefined) return error;
  return new ServiceError('InsufficientStorage', `The local S3 cannot do this: ${reason}.`, { status: 507 });
}
