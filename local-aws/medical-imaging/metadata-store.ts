import { randomUUID } from 'node:crypto';
import { ServiceError } from '../errors.ts';
import type { World } from '../world.ts';
import type { Metadata } from './metadata.ts';
import { summaryOf, type Summary } from './summary.ts';

/** Documents stay on disk, because those of 100,000 image sets would take gigabytes of memory. */
const documents = ({ store }: Pick<World, 'store'>) => store.documents<Metadata>('metadata');

/** What can be searched for is in memory. */
const summaries = ({ store }: Pick<World, 'store'>) => store.table<Summary>('summary');

/**
 * Keeps the metadata of an image set, which never change again under their key: other content gets another one.
 *
 * @returns the key
 */
export function keepMetadata(world: Pick<World, 'store'>, document: Metadata): string {
  const key = randomUUID();
  documents(world).put(key, document);
  summaries(world).put(key, summaryOf(document));
  return key;
}

/** @throws ServiceError ConflictException where there are none, because the first version is still being made */
export function requireMetadata(
  world: World,
  { metadata: key }: { readonly metadata?: string | undefined },
): Metadata {
  const document = key === undefined ? undefined : documents(world).get(key);
  if (!document) throw notYetConsistent();
  return document;
}

/** The summary of the metadata that have the key. */
export const summaryAt = (world: World, key: string | undefined): Summary | undefined =>
  key === undefined ? undefined : summaries(world).get(key);

/** In the service's own words, as production code has met them after an import; a retry helps. */
export const notYetConsistent = () =>
  new ServiceError(
    'ConflictException',
    'Requested ImageSet metadata is not consistent yet. Please retry after a few seconds.',
  );
