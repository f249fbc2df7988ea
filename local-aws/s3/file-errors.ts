import { errorCode, ServiceError } from '../errors.ts';

/** Whether a call failed because there is a file where it needs a folder, or a folder where it needs a file. */
export const isCollision = (error: unknown) =>
  ['EEXIST', 'ENOTDIR', 'EISDIR', 'ENOTEMPTY'].includes(errorCode(error) ?? '');

/** For error codes of the operating system: why a file cannot be read or written, and what the user can do about it. */
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
 * The error that a client gets if the operating system refuses to read or write a file. S3 has no error for a full disk, so its
 * status is 507 (Insufficient Storage), which clients do not retry.
 */
export function asClientError(error: unknown): unknown {
  const reason = refusals[errorCode(error) ?? ''];
  if (reason === undefined) return error;
  return new ServiceError('InsufficientStorage', `The local S3 cannot do this: ${reason}.`, { status: 507 });
}
