import type * as HealthLake from '@aws-sdk/client-healthlake';
import { notFound } from '../errors.ts';
import type { Handlers } from '../protocols/operations.ts';
import { addTags, removeTags, tagsOf } from '../tags.ts';
import type { World } from '../world.ts';
import { datastoreArn, fromTagList, requireDatastore } from './datastores.ts';

/** Tags of data stores. */
export function tagHandlers(world: World) {
  return {
    TagResource({ ResourceARN, Tags }) {
      requireTaggable(world, ResourceARN);
      addTags(world, ResourceARN, fromTagList(Tags));
      return {};
    },

    UntagResource({ ResourceARN, TagKeys }) {
      requireTaggable(world, ResourceARN);
      removeTags(world, ResourceARN, TagKeys);
      return {};
    },

    ListTagsForResource({ ResourceARN }) {
      requireTaggable(world, ResourceARN);
      const tags = Object.entries(tagsOf(world, ResourceARN));
      return { Tags: tags.map(([Key, Value]) => ({ Key, Value })) };
    },
  } satisfies Partial<Handlers<typeof HealthLake>>;
}

/** @throws ServiceError ResourceNotFoundException when nothing here has that ARN, account and region included */
function requireTaggable(world: World, arn: string): void {
  const { datastoreId } = requireDatastore(world, arn.split('/').at(-1) ?? '');
  if (arn !== datastoreArn(world, datastoreId)) throw notFound('The resource');
}
