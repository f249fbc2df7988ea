import type * as MedicalImaging from '@aws-sdk/client-medical-imaging';
import { ServiceError } from '../errors.ts';
import { newestDatastore, pageOf } from '../paging.ts';
import type { Handlers } from '../protocols/operations.ts';
import { addTags } from '../tags.ts';
import { after, phaseAt } from '../timeline.ts';
import { oncePerToken } from '../tokens.ts';
import type { World } from '../world.ts';
import {
  datastoreArn,
  datastores,
  isGone,
  requireActive,
  requireDatastore,
  statusOf,
  type Datastore,
} from './datastore.ts';
import { imageSetsOf, stateOf } from './image-set.ts';
import { runningImports } from './import-job.ts';

export function datastoreHandlers(world: World) {
  const { settings } = world;

  const create = (input: Omit<MedicalImaging.CreateDatastoreRequest, 'clientToken'>): string => {
    const existing = datastores(world)
      .values()
      .filter((datastore) => statusOf(datastore) !== 'DELETED');
    world.limits.checkQuota('datastores', existing.length + 1);
    const datastoreId = world.ids.next('datastore');
    const now = Date.now();
    const failure = world.faults.take('failOutcome', 'CreateDatastore');
    datastores(world).put(datastoreId, {
      datastoreId,
      datastoreName: input.datastoreName ?? datastoreId,
      createdAt: now,
      kmsKeyArn: input.kmsKeyArn,
      lambdaAuthorizerArn: input.lambdaAuthorizerArn,
      losslessStorageFormat: input.losslessStorageFormat ?? 'HTJ2K',
      phases: [
        { from: now, status: 'CREATING' },
        { from: after(now, settings.datastoreCreateMs), status: failure ? 'CREATE_FAILED' : 'ACTIVE' },
      ],
    });
    if (input.tags) addTags(world, datastoreArn(world, datastoreId), input.tags);
    return datastoreId;
  };

  return {
    CreateDatastore(input) {
      const datastoreId = oncePerToken(world, 'CreateDatastore', input, () => create(input));
      return { datastoreId, datastoreStatus: 'CREATING' };
    },

    GetDatastore({ datastoreId }) {
      const datastore = requireDatastore(world, datastoreId);
      return {
        datastoreProperties: {
          ...summaryOf(world, datastore),
          kmsKeyArn: datastore.kmsKeyArn,
          lambdaAuthorizerArn: datastore.lambdaAuthorizerArn,
          losslessStorageFormat: datastore.losslessStorageFormat,
        },
      };
    },

    ListDatastores({ datastoreStatus, maxResults, nextToken }) {
      const found = datastores(world)
        .values()
        .filter((datastore) => !isGone(world, datastore))
        .filter((datastore) => !datastoreStatus || statusOf(datastore) === datastoreStatus);
      const page = pageOf(found, newestDatastore, { size: maxResults, token: nextToken });
      const datastoreSummaries = page.items.map((datastore) => summaryOf(world, datastore));
      return { ...page, datastoreSummaries };
    },

    DeleteDatastore({ datastoreId }) {
      const datastore = requireActive(world, datastoreId, ['CREATE_FAILED']);
      const now = Date.now();
      if ([...imageSetsOf(world, datastoreId)].some((set) => stateOf(set).imageSetState !== 'DELETED')) {
        throw new ServiceError('ConflictException', 'The data store still holds image sets.');
      }
      if (runningImports(world, datastoreId).length > 0) {
        throw new ServiceError('ConflictException', 'An import into the data store is running.');
      }
      datastores(world).put(datastoreId, {
        ...datastore,
        phases: [
          ...datastore.phases,
          { from: now, status: 'DELETING' },
          { from: after(now, settings.datastoreDeleteMs), status: 'DELETED' },
        ],
      });
      return { datastoreId, datastoreStatus: 'DELETING' };
    },
  } satisfies Partial<Handlers<typeof MedicalImaging>>;
}

function summaryOf(world: World, datastore: Datastore) {
  const { datastoreId, datastoreName, createdAt } = datastore;
  const { status, from } = phaseAt(datastore, Date.now());
  return {
    datastoreId,
    datastoreName,
    datastoreStatus: status,
    datastoreArn: datastoreArn(world, datastoreId),
    createdAt: new Date(createdAt),
    updatedAt: new Date(from),
  };
}
