import type * as MedicalImaging from '@aws-sdk/client-medical-imaging';
import { notFound } from '../errors.ts';
import type { Handlers } from '../protocols/operations.ts';
import { addTags, removeTags, tagsOf } from '../tags.ts';
import type { World } from '../world.ts';
import { datastoreArn, requireDatastore } from './datastore.ts';
import { imageSetArn, requireImageSet } from './image-set.ts';

/** Tags of data stores and image sets. */
export function tagHandlers(world: World) {
  return {
    TagResource({ resourceArn, tags }) {
      requireTaggable(world, resourceArn);
      addTags(world, resourceArn, tags);
      return {};
    },

    UntagResource({ resourceArn, tagKeys }) {
      requireTaggable(world, resourceArn);
      removeTags(world, resourceArn, tagKeys);
      return {};
    },

    ListTagsForResource({ resourceArn }) {
      requireTaggable(world, resourceArn);
      return { tags: { ...tagsOf(world, resourceArn) } };
    },
  } satisfies Partial<Handlers<typeof MedicalImaging>>;
}

/** @throws ServiceError ResourceNotFoundException when nothing here has that ARN, account and region included */
function requireTaggable(world: World, arn: string): void {
  const [, datastoreId = '', imageSetId] = /:datastore\/([^/]+)(?:\/imageset\/([^/]+))?$/.exec(arn) ?? [];
  requireDatastore(world, datastoreId);
  const known =
    imageSetId === undefined
      ? datastoreArn(world, datastoreId)
      : imageSetArn(world, requireImageSet(world, datastoreId, imageSetId));
  if (arn !== known) throw notFound('The resource');
}
