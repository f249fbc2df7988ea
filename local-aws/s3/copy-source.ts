import { ServiceError } from '../errors.ts';
import type { S3Location } from './places.ts';
import { header, type S3Request } from './protocol.ts';

/**
 * The object that `x-amz-copy-source` names: `bucket/key` or `/bucket/key`, percent-encoded, perhaps with `?versionId=…`.
 *
 * @throws ServiceError `InvalidArgument`
 */
export function copySourceOf(request: S3Request): S3Location {
  const text = header(request, 'x-amz-copy-source') ?? '';
  const [path = ''] = text.split('?versionId=');
  try {
    const [, bucket = '', key = ''] = /^\/?([^/]+)\/(.+)$/s.exec(decodeURIComponent(path)) ?? [];
    if (key) return { bucket, key };
  } catch {
    // Not percent-encoded as it should be.
  }
  throw new ServiceError(
    'InvalidArgument',
    'Copy Source must mention the source bucket and key: sourcebucket/sourcekey',
  );
}
