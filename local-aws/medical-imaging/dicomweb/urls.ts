import type { World } from '../../world.ts';
import type { Found } from './instances.ts';

export const studyUrl = ({ endpoint }: World, datastoreId: string, { studyUid }: Pick<Found, 'studyUid'>) =>
  `${endpoint}/datastore/${datastoreId}/studies/${studyUid}`;

export const seriesUrl = (world: World, datastoreId: string, found: Pick<Found, 'studyUid' | 'seriesUid'>) =>
  `${studyUrl(world, datastoreId, found)}/series/${found.seriesUid}`;

export const instanceUrl = (world: World, datastoreId: string, found: Found) =>
  `${seriesUrl(world, datastoreId, found)}/instances/${found.instanceUid}`;
