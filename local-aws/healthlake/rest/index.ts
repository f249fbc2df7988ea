import { isServiceError } from '../../errors.ts';
import type { HttpReply, HttpRequest } from '../../protocols/http.ts';
import type { World } from '../../world.ts';
import { datastoreEndpoint, requireDatastore, statusOf } from '../datastores.ts';
import { isSupported } from '../resource-types.ts';
import { resourceOf } from '../resources.ts';
import { capabilityStatement } from './capability-statement.ts';
import { json, outcome } from './replies.ts';
import { searchType } from './search.ts';

/**
 * The path of a data store's `DatastoreEndpoint`, as on AWS. The groups are the id of the data store and the rest of the path.
 */
const PATH = /^\/datastore\/([^/]+)\/r4(?:\/(.*))?$/s;

/**
 * The FHIR REST API at the `DatastoreEndpoint` of a data store, as far as tests need it to see what an import has stored: reads
 * by id, searches of a type, and a CapabilityStatement of just that. Everything else is refused with an OperationOutcome that
 * says so. An empty result, for example, would look as if the resource did not exist.
 *
 * @returns nothing if the request is for another path
 */
export function fhirRest(world: World, request: HttpRequest): HttpReply | undefined {
  const [isOurs, datastoreId = '', path = ''] = PATH.exec(request.path) ?? [];
  if (isOurs === undefined) return undefined;
  return refusal(world, datastoreId) ?? answer(world, datastoreId, path, request);
}

function refusal(world: World, datastoreId: string): HttpReply | undefined {
  try {
    const status = statusOf(requireDatastore(world, datastoreId));
    if (status === 'ACTIVE') return undefined;
    return outcome(400, 'transient', `The data store is ${status}, and answers when it is ACTIVE.`);
  } catch (error) {
    if (!isServiceError(error)) throw error;
    return outcome(404, 'not-found', 'There is no data store of this id.');
  }
}

function answer(world: World, datastoreId: string, path: string, { method, query }: HttpRequest): HttpReply {
  const endpoint = datastoreEndpoint(world, datastoreId);
  if (method !== 'GET' && method !== 'HEAD') {
    const refused = outcome(405, 'not-supported', whatThereIs(endpoint, `${method} is not answered.`));
    return { ...refused, headers: { ...refused.headers, allow: 'GET, HEAD' } };
  }
  const [type = '', id, ...more] = path.replace(/\/$/, '').split('/');
  if (type === 'metadata' && id === undefined) return json(200, capabilityStatement(world, datastoreId));
  if (!isSupported(type) || more.length > 0 || id?.startsWith('_') || id?.startsWith('$')) {
    return outcome(404, 'not-supported', whatThereIs(endpoint, 'This path is not answered.'));
  }
  if (id === undefined) return searchType(world, datastoreId, type, query);
  const resource = resourceOf(world, datastoreId, type, id);
  return resource ? json(200, resource.json) : outcome(404, 'not-found', `There is no ${type} of this id.`);
}

const whatThereIs = (endpoint: string, what: string) =>
  `${what} The local AWS is no FHIR server. It shows what imports and preloaded data have put into a data store: GET ${endpoint}metadata, GET ${endpoint}<type>/<id>, and GET ${endpoint}<type>?_id=<id>,<id>&_count=<1 to 100>, where <type> is a resource type that HealthLake supports. It does not create, update or delete resources, and has no operations, no history and no other searches.`;
