import { createHash } from 'node:crypto';
import path from 'node:path';
import { ServiceError } from '../errors.ts';

export interface S3Location {
  readonly bucket: string;
  readonly key: string;
}

/** Reads `s3://bucket/some/key`, as inputs such as `inputS3Uri` of StartDICOMImportJob have it. */
export function parseS3Uri(uri: string): S3Location {
  const [, bucket = '', key = ''] = /^s3:\/\/([^/]+)\/?(.*)$/s.exec(uri) ?? [];
  return { bucket, key };
}

/** The longest key, in bytes of UTF-8. (S3 user guide, "Naming Amazon S3 objects") */
const LONGEST_KEY = 1024;

/** The longest name of a file that Linux and macOS allow, in bytes. */
const LONGEST_NAME = 255;

/**
 * Where objects are stored: `s3://bucket/some/key` in the file `DATA/s3/bucket/some/key`, and an object whose key cannot be the
 * path of a file, such as `a//b`, in the file `DATA/s3-odd/bucket/<SHA-256 of the key>`.
 */
export class Places {
  /** The folder of the buckets. */
  readonly root: string;
  readonly #odd: string;

  constructor(data: string) {
    this.root = path.resolve(data, 's3');
    this.#odd = path.resolve(data, 's3-odd');
  }

  /** @throws ServiceError `InvalidBucketName`. A name such as `..` would lead out of the data folder. */
  bucket(bucket: string): string {
    if (isBucketName(bucket)) return path.join(this.root, bucket);
    throw new ServiceError(
      'InvalidBucketName',
      `The specified bucket is not valid: ${JSON.stringify(bucket)}. A name has 3 to 63 of the characters a-z, 0-9, "." and "-".`,
    );
  }

  /**
   * The file in the folder of the bucket; undefined for a key that cannot be the path of a file.
   *
   * @throws ServiceError for names that S3 refuses
   */
  file({ bucket, key }: S3Location): string | undefined {
    const folder = this.bucket(bucket);
    if (Buffer.byteLength(key) > LONGEST_KEY) {
      throw new ServiceError('KeyTooLongError', `Your key is too long: at most ${LONGEST_KEY} bytes.`);
    }
    const parts = key.split('/');
    return parts.every(isFileName) ? path.join(folder, ...parts) : undefined;
  }

  /** A file in `s3-odd`, for a key that cannot be a path, or whose path is taken: with an object `a/b`, `a` is a folder. */
  oddFile({ bucket, key }: S3Location): string {
    return path.join(this.oddFolder(bucket), createHash('sha256').update(key).digest('hex'));
  }

  oddFolder(bucket: string): string {
    return path.join(this.#odd, bucket);
  }
}

export const isBucketName = (name: string) => /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name);

const isFileName = (part: string) =>
  !['', '.', '..'].includes(part) && !part.includes('\0') && Buffer.byteLength(part) <= LONGEST_NAME;
