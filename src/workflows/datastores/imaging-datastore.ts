import type { CreateDatastoreRequest } from '@aws-sdk/client-medical-imaging';
import { RUN_TAG } from '../../lib/run-tag.ts';
import { imaging } from '../run/activities.ts';
import type { DatastoreService } from './datastore.ts';
import type { Flow } from '../run/flow.ts';

/** The members of a flow's input that create a data store, but for its token: each flow has a name of its own for it. */
export interface NewDatastore extends Omit<CreateDatastoreRequest, 'datastoreName' | 'clientToken'> {
  datastoreName: string;
}

/** @param request - what creates a data store; unused by a run that takes an existing one */
export function imagingDatastores(
  flow: Flow,
  { clientToken: given, ...request }: Partial<CreateDatastoreRequest>,
): DatastoreService {
  return {
    kind: 'imagingDatastore',
    remove: 'aws medical-imaging delete-datastore --datastore-id',
    given: { name: request.datastoreName, clientToken: given, tags: Object.keys(request.tags ?? {}).length },
    create: async (summary, budget, { clientToken, mark }) => {
      const tags = mark === undefined ? request.tags : { ...request.tags, [RUN_TAG]: mark };
      const input = { ...request, ...(tags && { tags }), clientToken };
      const { datastoreId = '' } = await flow.change(summary, imaging.createDatastore, input, budget);
      return { datastoreId };
    },
    find: (summary, sought) => flow.readLong(summary, imaging.findDatastore, sought),
    describe: async (summary, budget, datastoreId) => {
      const reply = await flow.read(summary, imaging.getDatastore, { datastoreId }, budget);
      const { datastoreStatus: status, createdAt, datastoreArn } = reply.datastoreProperties ?? {};
      return { datastoreId, status, createdAt, datastoreArn };
    },
  };
}
