import type * as HealthLake from '@aws-sdk/client-healthlake';
import { notFound, ServiceError } from '../errors.ts';
import { pageOf } from '../paging.ts';
import type { Handlers } from '../protocols/operations.ts';
import { after, phaseAt, type Phase, type Timeline } from '../timeline.ts';
import { oncePerToken } from '../tokens.ts';
import { newId, type World } from '../world.ts';

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

export function datastoreHandlers(world: World) {
  const { settings } = world;

  const create = (input: HealthLake.CreateFHIRDatastoreRequest): string => {
    const { ClientToken: _token, Tags: _tags, ...properties } = input;
    const datastoreId = newId();
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
        .filter(({ createdAt }) => createdAt >= Number(CreatedAfter ?? 0))
        .filter(({ createdAt }) => createdAt <= Number(CreatedBefore ?? Infinity))
        .toSorted((a, b) => b.createdAt - a.createdAt)
        .map((datastore) => propertiesOf(world, datastore))
        .filter((properties) => !DatastoreName || properties.DatastoreName === DatastoreName)
        .filter((properties) => !DatastoreStatus || properties.DatastoreStatus === DatastoreStatus);
      const page = pageOf(found, ({ DatastoreId }) => DatastoreId, { size: MaxResults, token: NextToken });
      return { DatastorePropertiesList: page.items, NextToken: page.nextToken };
    },

    DeleteFHIRDatastore({ DatastoreId }) {
      const datastore = requireDatastore(world, DatastoreId);
      const { status } = phaseAt(datastore, Date.now());
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
      return { ...propertiesOf(world, deleting), DatastoreStatus: 'DELETING' };
    },
  } satisfies Partial<Handlers<typeof HealthLake>>;
}

function propertiesOf({ settings, endpoint }: World, datastore: FhirDatastore) {
  const { datastoreId, createdAt, properties } = datastore;
  const { status, message } = phaseAt(datastore, Date.now());
  return {
    ...properties,
    DatastoreId: datastoreId,
    DatastoreArn: `arn:aws:healthlake:${settings.region}:${settings.accountId}:datastore/fhir/${datastoreId}`,
    DatastoreStatus: status,
    CreatedAt: new Date(createdAt),
    DatastoreEndpoint: `${endpoint}/datastore/${datastoreId}/r4/`,
    ErrorCause: errorCause(message),
  };
}

const errorCause = (message: string | undefined): HealthLake.ErrorCause | undefined =>
  message === undefined ? undefined : { ErrorMessage: message, ErrorCategory: 'NON_RETRYABLE_ERROR' };

export function requireDatastore(world: World, datastoreId: string): FhirDatastore {
  const datastore = datastores(world).get(datastoreId);
  if (!datastore) throw notFound(`Data store ${datastoreId}`);
  return datastore;
}

/** @throws ServiceError when the data store cannot take a job (AWS does not say which error: a setting) */
export function requireActive(world: World, datastoreId: string): void {
  const { status } = phaseAt(requireDatastore(world, datastoreId), Date.now());
  if (status === 'ACTIVE') return;
  throw new ServiceError(
    world.settings.fhirDatastoreNotActiveError,
    `The data store ${datastoreId} is ${status}, not ACTIVE.`,
  );
}
