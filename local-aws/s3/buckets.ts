import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { ServiceError } from '../errors.ts';
import { ObjectReader } from './object-reader.ts';

export interface ObjectInfo {
  readonly key: string;
  readonly size: number;
  readonly modified: Date;
  /** Opaque: of name, size and time, not of the content. */
  readonly etag: string;
}

export interface S3Location {
  readonly bucket: string;
  readonly key: string;
}

/** `s3://bucket/some/key`, as the services' inputs have it. */
export function parseS3Uri(uri: string): S3Location {
  const [, bucket = '', key = ''] = /^s3:\/\/([^/]+)\/?(.*)$/s.exec(uri) ?? [];
  return { bucket, key };
}

/**
 * S3 as a folder: `s3://bucket/some/key` is the file `ROOT/bucket/some/key`, so that files can be dropped in and looked
 * at with the usual tools. A bucket is there once it holds something. What a folder cannot hold, an object both at `a`
 * and at `a/b`, is refused.
 */
export class Buckets {
  readonly #root: string;

  constructor(root: string) {
    this.#root = path.resolve(root);
  }

  async create(bucket: string): Promise<void> {
    await mkdir(this.#file({ bucket, key: '' }), { recursive: true });
  }

  async exists(bucket: string): Promise<boolean> {
    return (await statOrUndefined(this.#file({ bucket, key: '' })))?.isDirectory() ?? false;
  }

  async info(location: S3Location): Promise<ObjectInfo | undefined> {
    const stats = await statOrUndefined(this.#file(location));
    return stats?.isFile() ? toInfo(location.key, stats) : undefined;
  }

  async read(location: S3Location): Promise<Buffer | undefined> {
    return (await this.info(location)) && readFile(this.#file(location));
  }

  /** Streams the content of an object in pieces of one megabyte. */
  pieces(location: S3Location): AsyncIterable<Buffer> {
    return createReadStream(this.#file(location), { highWaterMark: 1024 * 1024 });
  }

  /** An object to be read by ranges; whoever opens it closes it. @throws Error where there is none */
  open(location: S3Location): ObjectReader {
    return new ObjectReader(this.#file(location));
  }

  /** Part of an object, both ends included. */
  async readRange(location: S3Location, start: number, end: number): Promise<Buffer> {
    const file = await open(this.#file(location));
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(end - start + 1), 0, end - start + 1, start);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  }

  /** Puts an object in one step: a reader, or a SIGKILL, never sees half of it. */
  async write(location: S3Location, body: Uint8Array | string): Promise<ObjectInfo> {
    const target = this.#file(location);
    if (location.key.endsWith('/')) {
      await mkdir(target, { recursive: true });
      return { key: location.key, size: 0, modified: new Date(), etag: '"folder"' };
    }
    const temporary = path.join(this.#root, '..', `s3-upload-${randomUUID()}`);
    try {
      await mkdir(path.dirname(target), { recursive: true });
      const file = await open(temporary, 'w');
      await file.writeFile(body);
      await file.sync();
      await file.close();
      await rename(temporary, target);
    } catch (error) {
      await rm(temporary, { force: true });
      if (!isCollision(error)) throw error;
      throw new ServiceError(
        'InvalidRequest',
        'The local S3 is a folder: no object can lie beneath another.',
      );
    }
    return toInfo(location.key, await stat(target));
  }

  async delete(location: S3Location): Promise<void> {
    if (await this.info(location)) await rm(this.#file(location), { force: true });
  }

  /** Every object whose key starts with the prefix, in S3's order (of UTF-8 bytes). */
  async list(bucket: string, prefix: string): Promise<ObjectInfo[]> {
    const root = this.#file({ bucket, key: '' });
    // Only the folder that the prefix names can hold matches; its last part may be half a name.
    const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
    const found: ObjectInfo[] = [];
    for await (const key of filesBelow(root, folder)) {
      const stats = key.startsWith(prefix) ? await statOrUndefined(path.join(root, key)) : undefined;
      if (stats?.isFile()) found.push(toInfo(key, stats));
    }
    return found.sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
  }

  /** @throws ServiceError for names that would lead out of the bucket's folder, or that no folder can hold */
  #file({ bucket, key }: S3Location): string {
    if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket)) {
      throw new ServiceError('InvalidBucketName', 'The specified bucket is not valid.');
    }
    const parts = (key.endsWith('/') ? key.slice(0, -1) : key).split('/');
    if (key && parts.some((part) => ['', '.', '..'].includes(part) || part.includes('\0'))) {
      throw new ServiceError(
        'InvalidRequest',
        'The local S3 is a folder: a key may not have empty parts, "." or "..".',
      );
    }
    return path.join(this.#root, bucket, ...parts);
  }
}

async function* filesBelow(root: string, folder: string): AsyncGenerator<string> {
  const entries = await readdir(path.join(root, folder), { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (entry.isDirectory()) yield* filesBelow(root, `${folder}${entry.name}/`);
    else yield `${folder}${entry.name}`;
  }
}

/** There is a file where a folder should be, or a folder where the file should be. */
const isCollision = (error: unknown) =>
  typeof error === 'object' &&
  error !== null &&
  'code' in error &&
  ['EEXIST', 'ENOTDIR', 'EISDIR', 'ENOTEMPTY'].includes(String(error.code));

const statOrUndefined = (file: string) => stat(file).catch(() => undefined);

function toInfo(key: string, { size, mtime, ino }: { size: number; mtime: Date; ino: number }): ObjectInfo {
  const etag = createHash('md5').update(`${size} ${mtime.getTime()} ${ino}`).digest('hex');
  return { key, size, modified: mtime, etag: `"${etag}"` };
}
