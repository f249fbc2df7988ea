import { ServiceError } from '../errors.ts';
import type { FoundObject, ObjectFinder } from './object-finder.ts';
import type { Condition } from './object-writer.ts';
import { header, type S3Request } from './protocol.ts';

/**
 * The condition of a write or a delete. `If-None-Match: *` demands that the key has no object. `If-Match` demands that its
 * object still has the given ETag, so that a change by another client is not overwritten. (S3 user guide, "Conditional requests")
 *
 * @returns undefined if the request has no condition
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
 * Checks the conditions of a read, or of the source of a copy. As RFC 9110 demands, ETags take precedence over times:
 * `If-Unmodified-Since` is ignored if there is an `If-Match`, and `If-Modified-Since` if there is an `If-None-Match`.
 *
 * @param prefix - the prefix of the headers' names: `x-amz-copy-source-` for the source of a copy
 * @throws ServiceError `PreconditionFailed`, or for a read `NotModified`
 */
export function checkReadable(request: S3Request, object: FoundObject, etag: string, prefix = ''): void {
  const value = (name: string) => header(request, prefix + name);
  // The times in the headers are whole seconds. With its milliseconds, an unchanged object would look newer than they say.
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

/** Whether a header such as `"abc", W/"def"` contains an ETag; `*` matches each. Some clients send ETags without quotes. */
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
