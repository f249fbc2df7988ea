import type { CreateDatastoreRequest, DatastoreProperties } from '@aws-sdk/client-medical-imaging';
import type { Json } from '../../activities/operation.ts';
import type { Polling } from '../../pacing/polling.ts';
import { RUN_TAG } from '../../lib/run-tag.ts';
import { imaging } from '../run/activities.ts';
import {
  awaitActive,
  createOnce,
  type Datastore,
  type DatastoreService,
  type DatastoreWait,
} from './datastore.ts';
import type { Flow } from '../run/flow.ts';

/** The members of a flow's input that create a data store, but for its token: each flow has a name of its own for it. */
export interface NewDatastore extends Omit<CreateDatastoreRequest, 'datastoreName' | 'clientToken'> {
  datastoreName: string;
}

/** The token is derived where it is absent. */
type CreateOptions = Omit<CreateDatastoreRequest, 'clientToken'> & {
  clientToken: string | undefined;
  step: string;
  polling: Polling | undefined;
};

interface ImagingDatastore extends Datastore {
  properties: Json<DatastoreProperties> | undefined;
}

/** Creates one HealthImaging data store, whatever dies meanwhile. */
export async function createDatastore(
  flow: Flow,
  { step, polling, ...request }: CreateOptions,
): Promise<string> {
  const { datastoreId } = await createOnce(flow, imagingDatastores(flow, request), { step, polling });
  return datastoreId;
}

/**
 * Waits until a HealthImaging data store can be used.
 *
 * @throws ApplicationFailure `DatastoreCreateFailed`, `DatastoreNotUsable` (deleted meanwhile) or `WaitTimedOut`
 */
export async function awaitDatastore(flow: Flow, wait: DatastoreWait) {
  const { properties } = await awaitActive(flow, imagingDatastores(flow, {}), wait);
  return properties;
}

/**
 * HealthImaging's data stores.
 *
 * @param request - what creates one; not looked at by a run that uses one that is there
 */
function imagingDatastores(
  flow: Flow,
  { clientToken: given, ...request }: Partial<CreateDatastoreRequest>,
): DatastoreService<{ datastoreId: string }, ImagingDatastore> {
  return {
    kind: 'imagingDatastore',
    remove: 'aws medical-imaging delete-datastore --datastore-id',
    given: {
      name: request.datastoreName,
      clientToken: given,
      tags: Object.keys(request.tags ?? {}).length,
    },
    create: async (summary, budget, { clientToken, mark }) => {
      const tags = mark === undefined ? request.tags : { ...request.tags, [RUN_TAG]: mark };
      const input = { ...request, ...(tags && { tags }), clientToken };
      const { datastoreId = '' } = await flow.change(summary, imaging.createDatastore, input, budget);
      return { datastoreId };
    },
    find: (summary, sought) => flow.readLong(summary, imaging.findDatastore, sought),
    created: (datastoreId) => ({ datastoreId }),
    describe: async (summary, budget, datastoreId) => {
      const input = { datastoreId };
      const { datastoreProperties } = await flow.read(summary, imaging.getDatastore, input, budget);
      return { ...toDatastore(datastoreProperties), properties: datastoreProperties };
    },
  };
}

function toDatastore(store: Json<DatastoreProperties> | undefined): Datastore {
  const { datastoreId = '', datastoreStatus: status, createdAt } = store ?? {};
  return { datastoreId, status, createdAt };
}
