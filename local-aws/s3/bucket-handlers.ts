import { ServiceError } from '../errors.ts';
import type { HttpReply } from '../protocols/http.ts';
import { pageSizeIn, type S3Request } from './protocol.ts';
import type { S3 } from './s3.ts';
import { xmlReply } from './xml.ts';

/**
 * In this region, GetBucketLocation returns an empty location, and CreateBucket succeeds for a bucket that the caller already
 * owns. (S3 API reference, "CreateBucket")
 */
const FIRST_REGION = 'us-east-1';

/** The most buckets on a page. (S3 API reference, "ListBuckets") */
const MOST_BUCKETS = 10_000;

export const bucketHandlers = (s3: S3) => ({
  ListBuckets(request: S3Request): Promise<HttpReply> {
    const { query } = request;
    const most = pageSizeIn(request, 'max-buckets', MOST_BUCKETS);
    const prefix = query.get('prefix') ?? '';
    const after = query.get('continuation-token') ?? '';
    const buckets = s3.buckets.names().filter(({ name }) => name.startsWith(prefix) && name > after);
    const page = buckets.slice(0, most);
    const reply = xmlReply('ListAllMyBucketsResult', {
      Buckets: {
        Bucket: page.map(({ name, created }) => ({ Name: name, CreationDate: created.toISOString() })),
      },
      Owner: s3.owner,
      Prefix: prefix || undefined,
      ContinuationToken: buckets.length > page.length ? page.at(-1)?.name : undefined,
    });
    return Promise.resolve(reply);
  },

  CreateBucket({ bucket }: S3Request): Promise<HttpReply> {
    const isOwn = s3.buckets.exists(bucket);
    if (isOwn && s3.settings.region !== FIRST_REGION) {
      const message = 'Your previous request to create the named bucket succeeded and you already own it.';
      throw new ServiceError('BucketAlreadyOwnedByYou', message);
    }
    s3.buckets.create(bucket);
    return Promise.resolve({ status: 200, headers: { location: `/${bucket}` } });
  },

  HeadBucket({ bucket }: S3Request): Promise<HttpReply> {
    s3.requireBucket(bucket);
    return Promise.resolve({ status: 200, headers: { 'x-amz-bucket-region': s3.settings.region } });
  },

  async DeleteBucket({ bucket }: S3Request): Promise<HttpReply> {
    s3.requireBucket(bucket);
    await s3.buckets.remove(bucket);
    return { status: 204, headers: {} };
  },

  GetBucketLocation({ bucket }: S3Request): Promise<HttpReply> {
    s3.requireBucket(bucket);
    const { region } = s3.settings;
    return Promise.resolve(xmlReply('LocationConstraint', region === FIRST_REGION ? '' : region));
  },
});
