import type * as MedicalImaging from '@aws-sdk/client-medical-imaging';
import { notFound, ServiceError } from '../errors.ts';
import { newestDatastore, pageOf } from '../paging.ts';
import type { Handlers } from '../protocols/operations.ts';
import { addTags } from '../tags.ts';
import { after, phaseAt, type Phase, type Timeline } from '../timeline.ts';
import { oncePerToken } from '../tokens.ts';
import { isForgotten, newId, type World } from '../world.ts';
import { imageSetsOf, stateOf } from './image-set.ts';
import { isRunning, importJobsOf } from './import-job.ts';

type DatastoreStatus = MedicalImaging.DatastoreStatus;

export interface Datastore extends Timeline<Phase & { readonly status: DatastoreStatus }> {
  readonly datastoreId: string;
  readonly datastoreName: string;
  readonly createdAt: number;
  readonly kmsKeyArn?: string | undefined;
  readonly lambdaAuthorizerArn?: string | undefined;
  readonly losslessStorageFormat?: MedicalImaging.LosslessStorageFormat | undefined;
}

export const datastores = ({ store }: World) => store.table<Datastore>('datastore');

export function datastoreHandlers(world: World) {
  const { settings } = world;

  const create = (input: Omit<MedicalImaging.CreateDatastoreRequest, 'clientToken'>): string => {
    const datastoreId = newId();
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
      if (imageSetsOf(world, datastoreId).some((set) => stateOf(set).imageSetState !== 'DELETED')) {
        throw new ServiceError('ConflictException', 'The data store still holds image sets.');
      }
      if (importJobsOf(world, datastoreId).some(isRunning)) {
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

const isGone = (world: World, datastore: Datastore) => isForgotten(world, phaseAt(datastore, Date.now()));

const statusOf = (datastore: Datastore) => phaseAt(datastore, Date.now()).status;

export const datastoreArn = ({ settings }: World, datastoreId: string) =>
  `arn:aws:medical-imaging:${settings.region}:${settings.accountId}:datastore/${datastoreId}`;

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

export function requireDatastore(world: World, datastoreId: string): Datastore {
  const datastore = datastores(world).get(datastoreId);
  if (!datastore || isGone(world, datastore)) throw notFound(`Data store ${datastoreId}`);
  return datastore;
}

/** @throws ServiceError when there is no such data store, or it cannot be worked with (which error is a setting) */
export function requireActive(
  world: World,
  datastoreId: string,
  alsoUsable: readonly DatastoreStatus[] = [],
): Datastore {
  const datastore = requireDatastore(world, datastoreId);
  const status = statusOf(datastore);
  if (status !== 'ACTIVE' && !alsoUsable.includes(status)) {
    throw new ServiceError(
      world.settings.imagingDatastoreNotActiveError,
      `The data store ${datastoreId} is ${status}, not ACTIVE.`,
    );
  }
  return datastore;
}
