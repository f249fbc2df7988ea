import type { World } from './world.ts';

export type Tags = Readonly<Record<string, string>>;

const table = ({ store }: World) => store.table<Tags>('tags');

/**
 * The tags of the resource with that ARN. They are stored in the same form for both services, whose APIs differ only in how they
 * write tags.
 */
export const tagsOf = (world: World, arn: string): Tags => table(world).get(arn) ?? {};

export function addTags(world: World, arn: string, tags: Tags): void {
  table(world).put(arn, { ...tagsOf(world, arn), ...tags });
}

export function removeTags(world: World, arn: string, keys: readonly string[]): void {
  const kept = Object.entries(tagsOf(world, arn)).filter(([key]) => !keys.includes(key));
  table(world).put(arn, Object.fromEntries(kept));
}
