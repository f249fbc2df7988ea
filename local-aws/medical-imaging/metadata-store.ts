import { ServiceError } from '../errors.ts';
import type { World } from '../world.ts';
import type { ImageSet, ImageSetPhase } from './image-set.ts';
import type { Metadata } from './metadata.ts';
import { summaryOf, type Summary } from './summary.ts';

/** The metadata of image sets. They stay on disk, because those of 100,000 image sets would take gigabytes of memory. */
const documents = ({ store }: Pick<World, 'store'>) => store.documents<Metadata>('metadata');

const keyOf = ({ imageSetId }: ImageSet, content: number) => `${imageSetId}/${content}`;

/**
 * Stores a further metadata document of an image set.
 *
 * @returns the image set with the summary of the document, which the caller must store, and the document's index in `contents`
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
 * @throws ServiceError ConflictException if there are none, because a copy is still making the first version
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

/** The summary of the metadata that an image set shows in a phase; undefined if it shows none yet. */
export const summaryIn = ({ contents }: ImageSet, { content }: ImageSetPhase): Summary | undefined =>
  content === undefined ? undefined : contents[content];

/** The message is the service's own: production code has received it after an import. A retry some seconds later succeeds. */
export const notYetConsistent = () =>
  new ServiceError(
    'ConflictException',
    'Requested ImageSet metadata is not consistent yet. Please retry after a few seconds.',
  );
