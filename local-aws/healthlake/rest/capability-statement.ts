import type { World } from '../../world.ts';
import { datastoreEndpoint, requireDatastore } from '../datastores.ts';
import { SUPPORTED_TYPES } from '../resource-types.ts';

/** The answer to `GET [endpoint]metadata`. It lists what the local AWS supports. That of HealthLake lists much more. */
export function capabilityStatement(world: World, datastoreId: string): object {
  return {
    resourceType: 'CapabilityStatement',
    status: 'active',
    date: new Date(requireDatastore(world, datastoreId).createdAt).toISOString(),
    kind: 'instance',
    implementation: {
      description: 'The local AWS: reads by id and searches by _id of what was imported',
      url: datastoreEndpoint(world, datastoreId),
    },
    fhirVersion: '4.0.1',
    format: ['json'],
    rest: [
      {
        mode: 'server',
        resource: SUPPORTED_TYPES.map((type) => ({
          type,
          interaction: [{ code: 'read' }, { code: 'search-type' }],
          searchParam: [{ name: '_id', type: 'token' }],
        })),
      },
    ],
  };
}
