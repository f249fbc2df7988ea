import path from 'node:path';
import { createHash } from 'node:crypto';
import { ServiceError } from '../errors.ts';
import type { World } from '../world.ts';
import type { Settings } from '../settings.ts';
import type { Buckets } from './buckets.ts';
import { noSuchKey } from './conditions.ts';
import type { FoundObject, ObjectFinder } from './object-finder.ts';
import type { S3Location } from './places.ts';
import { Uploads } from './uploads.ts';

/** The buckets, uploads and settings that the operations of S3 share. */
export class S3 {
  readonly buckets: Buckets;
  readonly finder: ObjectFinder;
  readonly uploads: Uploads;
  readonly settings: Settings;

  constructor({ buckets, data, settings, store }: World) {
    this.buckets = buckets;
    this.finder = buckets.finder;
    this.settings = settings;
    this.uploads = new Uploads(path.join(data, 's3-uploads'), buckets.drafts, store);
  }

  /** @throws ServiceError `NoSuchBucket` */
  requireBucket(bucket: string): void {
    if (this.buckets.exists(bucket)) return;
    throw new ServiceError('NoSuchBucket', `The specified bucket does not exist: ${bucket}`);
  }

  /** Creates the bucket of a write if it does not exist. @throws ServiceError `NoSuchBucket` if the settings forbid this */
  requireTarget(bucket: string): void {
    if (this.settings.missingBucket === 'error') this.requireBucket(bucket);
    else this.buckets.create(bucket);
  }

  /** @throws ServiceError `NoSuchBucket` or `NoSuchKey` */
  require(location: S3Location): FoundObject {
    return this.finder.find(location) ?? this.#missing(location);
  }

  /** Finds an object and opens its file. The caller closes it. @throws ServiceError `NoSuchBucket` or `NoSuchKey` */
  open(location: S3Location): { file: number; object: FoundObject } {
    return this.finder.open(location) ?? this.#missing(location);
  }

  /** The owner of all buckets, objects and uploads. */
  get owner() {
    return { ID: createHash('sha256').update(this.settings.accountId).digest('hex') };
  }

  #missing({ bucket }: S3Location): never {
    this.requireBucket(bucket);
    throw noSuchKey();
  }
}
