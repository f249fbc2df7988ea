import type * as HealthLake from '@aws-sdk/client-healthlake';
import { notFound, ServiceError } from '../errors.ts';
import { newestDatastore, pageOf } from '../paging.ts';
import type { Handlers, InputOf } from '../protocols/operations.ts';
import { addTags, type Tags } from '../tags.ts';
import { after, phaseAt, type Phase, type Timeline } from '../timeline.ts';
import { oncePerToken } from '../tokens.ts';
import { isForgotten, type World } from '../world.ts';
import { keepResources } from './resources.ts';
import { syntheaResources } from './synthea.ts';

export interface FhirDatastore extends Timeline<
  Phase & { readonly status: HealthLake.DatastoreStatus; readonly message?: string | undefined }
> {
  readonly datastoreId: string;
  readonly createdAt: number;
  /** As they were given. */
  readonly properties: Pick<
    HealthLake.CreateFHIRDatastoreRequest,
    | 'DatastoreName'
    | 'DatastoreTypeVersion'
    | 'SseConfiguration'
    | 'PreloadDataConfig'
    | 'IdentityProviderConfiguration'
  >;
}

const datastores = ({ store }: World) => store.table<FhirDatastore>('fhirDatastore');

/** @param onDelete - ends what goes on in a data store, and removes what it holds */
export function datastoreHandlers(world: World, onDelete: (datastoreId: string) => void) {
  const { settings } = world;

  const create = (input: InputOf<typeof HealthLake, 'CreateFHIRDatastore'>): string => {
    const { ClientToken: _, Tags, ...properties } = input;
    const existing = datastores(world)
      .values()
      .filter((datastore) => statusOf(datastore) !== 'DELETED');
    world.limits.checkQuota('fhirDatastores', existing.length + 1);
    const datastoreId = world.ids.next('fhirDatastore');
    const now = Date.now();
    const end = after(now, settings.fhirDatastoreCreateMs);
    const message = world.faults.take('failOutcome', 'CreateFHIRDatastore')?.message;
    datastores(world).put(datastoreId, {
      datastoreId,
      createdAt: now,
      properties,
      phases: [
        { from: now, status: 'CREATING' },
        message === undefined
          ? { from: end, status: 'ACTIVE' }
          : { from: end, status: 'CREATE_FAILED', message },
      ],
    });
    if (Tags) addTags(world, datastoreArn(world, datastoreId), fromTagList(Tags));
    if (message === undefined && input.PreloadDataConfig?.PreloadDataType === 'SYNTHEA') {
      keepResources(world, datastoreId, syntheaResources);
    }
    return datastoreId;
  };

  return {
    CreateFHIRDatastore(input) {
      const datastoreId = oncePerToken(world, 'CreateFHIRDatastore', input, () => create(input));
      const datastore = requireDatastore(world, datastoreId);
      return { ...propertiesOf(world, datastore), DatastoreStatus: 'CREATING' };
    },

    DescribeFHIRDatastore({ DatastoreId }) {
      return { DatastoreProperties: propertiesOf(world, requireDatastore(world, DatastoreId)) };
    },

    ListFHIRDatastores({ Filter = {}, MaxResults, NextToken }) {
      const { DatastoreName, DatastoreStatus, CreatedAfter, CreatedBefore } = Filter;
      const found = datastores(world)
        .values()
        .filter((datastore) => !isGone(world, datastore))
        .filter(({ createdAt }) => createdAt >= Number(CreatedAfter ?? 0))
        .filter(({ createdAt }) => createdAt <= Number(CreatedBefore ?? Infinity))
        .filter(({ properties }) => !DatastoreName || properties.DatastoreName === DatastoreName)
        .filter((datastore) => !DatastoreStatus || statusOf(datastore) === DatastoreStatus);
      const { items, nextToken } = pageOf(found, newestDatastore, { size: MaxResults, token: NextToken });
      const DatastorePropertiesList = items.map((datastore) => propertiesOf(world, datastore));
      return { DatastorePropertiesList, NextToken: nextToken };
    },

    DeleteFHIRDatastore({ DatastoreId }) {
      const datastore = requireDatastore(world, DatastoreId);
      const status = statusOf(datastore);
      if (status !== 'ACTIVE' && status !== 'CREATE_FAILED') {
        throw new ServiceError('ConflictException', `The data store ${DatastoreId} is ${status}.`);
      }
      const now = Date.now();
      const deleting: FhirDatastore = {
        ...datastore,
        phases: [
          ...datastore.phases,
          { from: now, status: 'DELETING' },
          { from: after(now, settings.fhirDatastoreDeleteMs), status: 'DELETED' },
        ],
      };
      datastores(world).put(DatastoreId, deleting);
      onDelete(DatastoreId);
      return { ...propertiesOf(world, deleting), DatastoreStatus: 'DELETING' };
    },
  } satisfies Partial<Handlers<typeof HealthLake>>;
}

export const statusOf = (datastore: FhirDatastore) => phaseAt(datastore, Date.now()).status;

export const datastoreArn = ({ settings }: World, datastoreId: string) =>
  `arn:aws:healthlake:${settings.region}:${settings.accountId}:datastore/fhir/${datastoreId}`;

/** Where the FHIR REST API of a data store is: the path is AWS's, the host is this machine. */
export const datastoreEndpoint = ({ endpoint }: World, datastoreId: string) =>
  `${endpoint}/datastore/${datastoreId}/r4/`;

function propertiesOf(world: World, datastore: FhirDatastore) {
  const { datastoreId, createdAt, properties } = datastore;
  const { status, message } = phaseAt(datastore, Date.now());
  return {
    ...properties,
    DatastoreId: datastoreId,
    DatastoreArn: datastoreArn(world, datastoreId),
    DatastoreStatus: status,
    CreatedAt: new Date(createdAt),
    DatastoreEndpoint: datastoreEndpoint(world, datastoreId),
    ErrorCause: errorCause(message),
  };
}

/** HealthLake's spelling of tags. */
export const fromTagList = (list: readonly { readonly Key: string; readonly Value: string }[]): Tags =>
  Object.fromEntries(list.map(({ Key, Value }) => [Key, Value]));

const errorCause = (message: string | undefined): HealthLake.ErrorCause | undefined =>
  message === undefined ? undefined : { ErrorMessage: message, ErrorCategory: 'NON_RETRYABLE_ERROR' };

export function requireDatastore(world: World, datastoreId: string): FhirDatastore {
  const datastore = datastores(world).get(datastoreId);
  if (!datastore || isGone(world, datastore)) throw notFound(`Data store ${datastoreId}`);
  return datastore;
}

const isGone = (world: World, datastore: FhirDatastore) => isForgotten(world, phaseAt(datastore, Date.now()));

/** @throws ServiceError when the data store cannot take a job (AWS does not say which error: a setting) */
export function requireActive(world: World, datastoreId: string): void {
  const status = statusOf(requireDatastore(world, datastoreId));
  if (status === 'ACTIVE') return;
  throw new ServiceError(
    world.settings.fhirDatastoreNotActiveError,
    `The data store ${datastoreId} is ${status}, not ACTIVE.`,
  );
}
