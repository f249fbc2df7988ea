import { ServiceError } from '../errors.ts';
import type { HttpReply } from '../protocols/http.ts';
import { noSuchKey } from './conditions.ts';
import { contentOf, documentOf } from './content.ts';
import type { S3Request } from './protocol.ts';
import type { S3 } from './s3.ts';
import { listOf, parseDocument, textOf, xmlReply, type Parsed } from './xml.ts';

/** The most tags of an object. (S3 user guide, "Categorizing your objects using tags") */
const MOST_TAGS = 10;

/** The operations on tags. The AWS CLI needs them to copy a large object: it reads its tags and puts them on the copy. */
export const tagHandlers = (s3: S3) => ({
  async GetObjectTagging(request: S3Request): Promise<HttpReply> {
    const { tagging } = await s3.finder.facts(s3.require(request));
    const tags = [...new URLSearchParams(tagging)].map(([Key, Value]) => ({ Key, Value }));
    return xmlReply('Tagging', { TagSet: { Tag: tags } });
  },

  async PutObjectTagging(request: S3Request): Promise<HttpReply> {
    const document = parseDocument(await documentOf(contentOf(request.headers, request.content)), 'Tagging');
    const tags = listOf(document, 'TagSet').flatMap((set) => listOf(set, 'Tag'));
    await describe(s3, request, tagging(tags));
    return { status: 200, headers: {} };
  },

  async DeleteObjectTagging(request: S3Request): Promise<HttpReply> {
    await describe(s3, request, undefined);
    return { status: 204, headers: {} };
  },
});

async function describe(s3: S3, request: S3Request, tagging: string | undefined): Promise<void> {
  s3.requireBucket(request.bucket);
  const isThere = await s3.buckets.writer.describe(request, (facts) => ({ ...facts, tagging }));
  if (!isThere) throw noSuchKey();
}

/** The tags, as in the header `x-amz-tagging`: `a=1&b=2`. */
function tagging(tags: readonly Parsed[]): string {
  const pairs = new Map(tags.map((tag) => [textOf(tag, 'Key') ?? '', textOf(tag, 'Value') ?? '']));
  checkTags([...pairs], tags.length);
  return new URLSearchParams([...pairs]).toString();
}

/** @throws ServiceError for more tags than S3 allows, a tag without a key, or two tags with the same key */
function checkTags(pairs: readonly [string, string][], count: number): void {
  if (count > MOST_TAGS) {
    throw new ServiceError('BadRequest', `Object tags cannot be greater than ${MOST_TAGS}`);
  }
  if (pairs.length < count || pairs.some(([key]) => key === '')) {
    throw new ServiceError('InvalidTag', 'Each tag has a Key, and no two tags have the same.');
  }
}
