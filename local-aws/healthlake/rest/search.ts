import { isServiceError } from '../../errors.ts';
import { pageOf, type Order } from '../../paging.ts';
import type { HttpReply } from '../../protocols/http.ts';
import type { World } from '../../world.ts';
import { datastoreEndpoint } from '../datastores.ts';
import type { FhirResource } from '../fhir.ts';
import { resourcesOf } from '../resources.ts';
import { json, outcome } from './replies.ts';

/** "The maximum value for _count is 100." (HealthLake developer guide, "Using FHIR search functionality") */
const MAX_COUNT = 100;

const PARAMETERS = ['_id', '_count', '_format', 'page'];

const byId: Order<FhirResource> = { by: ({ id }) => id, id: ({ id }) => id, ascending: true };

/** A page of the resources of a type as a Bundle of type `searchset`. With `_id`, only the resources with these ids. */
export function searchType(
  world: World,
  datastoreId: string,
  type: string,
  query: URLSearchParams,
): HttpReply {
  const wrong = problemOf(query);
  if (wrong) return wrong;
  const ids = query.getAll('_id').map((list) => list.split(','));
  const found = resourcesOf(world, datastoreId)
    .filter(({ resourceType }) => resourceType === type)
    .filter(({ id }) => ids.every((list) => list.includes(id)));
  const size = Number(query.get('_count') ?? MAX_COUNT);
  const url = `${datastoreEndpoint(world, datastoreId)}${type}`;
  try {
    const { items, nextToken } = pageOf(found, byId, { size, token: query.get('page') ?? undefined });
    const links = [{ relation: 'self', url: withQuery(url, query) }];
    const next = new URLSearchParams(query);
    if (nextToken !== undefined) {
      next.set('page', nextToken);
      links.push({ relation: 'next', url: withQuery(url, next) });
    }
    return json(200, searchset(found.length, links, url, items));
  } catch (error) {
    if (!isServiceError(error)) throw error;
    return outcome(400, 'invalid', 'page is not one that a link of this search gave.');
  }
}

function problemOf(query: URLSearchParams): HttpReply | undefined {
  const other = [...query.keys()].find((name) => !PARAMETERS.includes(name));
  if (other !== undefined) {
    const known = PARAMETERS.join(', ');
    return outcome(400, 'not-supported', `The local AWS does not search by ${other}; it knows ${known}.`);
  }
  const counts = query.getAll('_count');
  if (counts.length > 1 || counts.some((count) => !/^[1-9]\d*$/.test(count) || Number(count) > MAX_COUNT)) {
    return outcome(400, 'invalid', `_count must be one number from 1 to ${MAX_COUNT}.`);
  }
  const format = query.get('_format');
  if (format !== null && !['json', 'application/json', 'application/fhir+json'].includes(format)) {
    return outcome(400, 'not-supported', 'The only format is json.');
  }
  return undefined;
}

const withQuery = (url: string, query: URLSearchParams) =>
  query.size > 0 ? `${url}?${query.toString()}` : url;

/**
 * A Bundle that contains the resources byte for byte as they were imported. Parsing them would change decimals: 1.250 to 1.25.
 */
function searchset(
  total: number,
  link: readonly { readonly relation: string; readonly url: string }[],
  url: string,
  resources: readonly FhirResource[],
): string {
  const bundle = JSON.stringify({ resourceType: 'Bundle', type: 'searchset', total, link });
  // R4 allows no empty array.
  if (resources.length === 0) return bundle;
  const entries = resources.map(
    ({ id, json }) =>
      `{"fullUrl":${JSON.stringify(`${url}/${id}`)},"resource":${json},"search":{"mode":"match"}}`,
  );
  return `${bundle.slice(0, -1)},"entry":[${entries.join(',')}]}`;
}
