import type { World } from '../world.ts';
import type { FhirResource } from './fhir.ts';

interface StoredResource extends FhirResource {
  readonly datastoreId: string;
}

const table = ({ store }: World) => store.table<StoredResource>('fhirResource');

const keyOf = ({ datastoreId, resourceType, id }: Omit<StoredResource, 'json'>) =>
  `${datastoreId}/${resourceType}/${id}`;

/** Puts resources into a data store. One of the same type and id takes the place of the one before. */
export function keepResources(world: World, datastoreId: string, resources: readonly FhirResource[]): void {
  for (const resource of resources) {
    const stored = { ...resource, datastoreId };
    table(world).put(keyOf(stored), stored);
  }
}

export const resourceOf = (
  world: World,
  datastoreId: string,
  resourceType: string,
  id: string,
): FhirResource | undefined => table(world).get(keyOf({ datastoreId, resourceType, id }));

export const resourcesOf = (world: World, datastoreId: string): FhirResource[] => [
  ...table(world)
    .index('datastoreId', (resource) => [resource.datastoreId])
    .get(datastoreId),
];

export function deleteResources(world: World, datastoreId: string): void {
  for (const resource of resourcesOf(world, datastoreId)) {
    table(world).delete(keyOf({ ...resource, datastoreId }));
  }
}
