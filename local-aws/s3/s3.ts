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

/** What the operations of S3 work with. */
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

  /** The bucket of a write: it is made if it is not there, unless the settings say that this is an error. */
  requireTarget(bucket: string): void {
    if (this.settings.missingBucket === 'error') this.requireBucket(bucket);
    else this.buckets.create(bucket);
  }

  /** @throws ServiceError `NoSuchBucket` or `NoSuchKey` */
  require(location: S3Location): FoundObject {
    return this.finder.find(location) ?? this.#missing(location);
  }

  /** The object with its file open; the caller closes it. @throws ServiceError `NoSuchBucket` or `NoSuchKey` */
  open(location: S3Location): { file: number; object: FoundObject } {
    return this.finder.open(location) ?? this.#missing(location);
  }

  /** Whom S3 names as the owner of everything. */
  get owner() {
    return { ID: createHash('sha256').update(this.settings.accountId).digest('hex') };
  }

  #missing({ bucket }: S3Location): never {
    this.requireBucket(bucket);
    throw noSuchKey();
  }
}
