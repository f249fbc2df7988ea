import { ServiceError } from '../errors.ts';
import type { FoundObject, ObjectFinder } from './object-finder.ts';
import type { Condition } from './object-writer.ts';
import { header, type S3Request } from './protocol.ts';

/**
 * The condition that a write or a delete must meet: `If-None-Match: *` for a key without object, `If-Match` for one whose
 * object is the one that the caller knows. (S3 user guide, "Conditional requests")
 *
 * @returns nothing if the request has no condition
 */
export function writeCondition(request: S3Request, finder: ObjectFinder): Condition | undefined {
  const match = header(request, 'if-match');
  const noneMatch = header(request, 'if-none-match');
  if (match === undefined && noneMatch === undefined) return undefined;
  return async (present) => {
    if (match !== undefined) {
      if (!present) throw noSuchKey();
      if (!isAmong(match, await finder.etag(present))) throw failed('If-Match');
    }
    if (noneMatch !== undefined && present && isAmong(noneMatch, await finder.etag(present)))
      throw failed('If-None-Match');
  };
}

/**
 * Checks the conditions of a read, or of the source of a copy. As RFC 9110 says, ETags count more than times: a time is
 * not looked at if the ETag of its kind is given.
 *
 * @param prefix - `x-amz-copy-source-` for the source of a copy
 * @throws ServiceError `PreconditionFailed`, or for a read `NotModified`
 */
export function checkReadable(request: S3Request, object: FoundObject, etag: string, prefix = ''): void {
  const value = (name: string) => header(request, prefix + name);
  // The headers tell seconds.
  const modified = Math.floor(object.modified.getTime() / 1000) * 1000;
  const since = (name: string) => Date.parse(value(name) ?? '');

  const match = value('if-match');
  if (match !== undefined && !isAmong(match, etag)) throw failed('If-Match');
  if (match === undefined && modified > since('if-unmodified-since')) throw failed('If-Unmodified-Since');

  const unchanged = (name: string) =>
    prefix ? failed(name) : new ServiceError('NotModified', 'Not Modified');
  const noneMatch = value('if-none-match');
  if (noneMatch !== undefined && isAmong(noneMatch, etag)) throw unchanged('If-None-Match');
  if (noneMatch === undefined && modified <= since('if-modified-since')) throw unchanged('If-Modified-Since');
}

/** Whether a header such as `"abc", W/"def"` or `*` names an ETag. Clients also send it without quotes. */
function isAmong(list: string, etag: string): boolean {
  return list.split(',').some((entry) => {
    const named = entry.trim().replace(/^W\//, '').replaceAll('"', '');
    return named === '*' || named === etag;
  });
}

const failed = (condition: string) =>
  new ServiceError(
    'PreconditionFailed',
    `At least one of the pre-conditions you specified did not hold: ${condition}.`,
  );

export const noSuchKey = () => new ServiceError('NoSuchKey', 'The specified key does not exist.');
