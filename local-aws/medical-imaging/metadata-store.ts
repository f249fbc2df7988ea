import { ServiceError } from '../errors.ts';
import type { World } from '../world.ts';
import type { ImageSet, ImageSetPhase } from './image-set.ts';
import type { Metadata } from './metadata.ts';
import { summaryOf, type Summary } from './summary.ts';

/** Documents stay on disk, because those of 100,000 image sets would take gigabytes of memory. */
const documents = ({ store }: Pick<World, 'store'>) => store.documents<Metadata>('metadata');

const keyOf = ({ imageSetId }: ImageSet, content: number) => `${imageSetId}/${content}`;

/**
 * Keeps metadata as a further content of an image set.
 *
 * @returns the image set with that content, which the caller puts into the store, and the content's number
 */
export function withMetadata(
  world: Pick<World, 'store'>,
  set: ImageSet,
  metadata: Metadata,
): { set: ImageSet; content: number } {
  const content = set.contents.length;
  documents(world).put(keyOf(set, content), metadata);
  return { set: { ...set, contents: [...set.contents, summaryOf(metadata)] }, content };
}

/**
 * The metadata that an image set shows in a phase.
 *
 * @throws ServiceError ConflictException where there are none, because the first version is still being made
 */
export function requireMetadata(
  world: Pick<World, 'store'>,
  set: ImageSet,
  { content }: ImageSetPhase,
): Metadata {
  const document = content === undefined ? undefined : documents(world).get(keyOf(set, content));
  if (!document) throw notYetConsistent();
  return document;
}

/** What can be searched for of the metadata that an image set shows in a phase, if it shows any. */
export const summaryIn = ({ contents }: ImageSet, { content }: ImageSetPhase): Summary | undefined =>
  content === undefined ? undefined : contents[content];

/** In the service's own words, as production code has met them after an import; a retry helps. */
export const notYetConsistent = () =>
  new ServiceError(
    'ConflictException',
    'Requested ImageSet metadata is not consistent yet. Please retry after a few seconds.',
  );
