import type {
  CreateFHIRDatastoreRequest,
  DatastoreProperties,
  DatastoreStatus,
  FHIRVersion,
  PreloadDataType,
} from '@aws-sdk/client-healthlake';
import type { Json } from '../../activities/operation.ts';
import type { Polling } from '../../pacing/polling.ts';
import { RUN_TAG } from '../../lib/run-tag.ts';
import { healthlake } from '../run/activities.ts';
import { awaitActive, createOnce, type Datastore, type DatastoreService } from './datastore.ts';
import type { Flow } from '../run/flow.ts';

/** The members of a flow's input that create a data store, but for its token. */
export interface NewFhirDatastore extends Pick<
  CreateFHIRDatastoreRequest,
  'SseConfiguration' | 'IdentityProviderConfiguration' | 'Tags'
> {
  DatastoreName: string;
  DatastoreTypeVersion: FHIRVersion;
  /** Synthetic patients to begin with. */
  PreloadDataType?: PreloadDataType;
  DatastoreId?: string;
  polling?: Polling;
}

/** The members of a flow's input that name a data store which is there already: none is created. */
export interface GivenFhirDatastore extends Partial<NewFhirDatastore> {
  DatastoreId: string;
}

/** Which data store a flow is about: a new one, or one that is there. */
export type FhirDatastoreInput = NewFhirDatastore | GivenFhirDatastore;

/** What the documents give of a data store. */
export interface FhirDatastoreOutputs {
  datastoreId: string;
  datastoreArn?: string | undefined;
  datastoreEndpoint?: string | undefined;
  datastoreStatus?: DatastoreStatus | undefined;
}

export interface FhirDatastore extends Datastore, Omit<FhirDatastoreOutputs, 'datastoreStatus'> {}

/**
 * Creates a data store once, or takes the one that the input names, and waits until it can be used.
 *
 * @param ClientToken - what the input calls it differs from flow to flow; derived where it is absent
 * @param JobId - a job that is running in the data store already: there is nothing to wait for
 * @throws ApplicationFailure `DatastoreCreateFailed` with the service's reason in the details, `DatastoreNotUsable` or
 *   `WaitTimedOut`
 */
export async function provisionFhirDatastore(
  flow: Flow,
  input: FhirDatastoreInput & { ClientToken: string | undefined; JobId?: string | undefined },
): Promise<FhirDatastoreOutputs> {
  const { DatastoreId, JobId, polling } = input;
  const service = fhirDatastores(flow, input);
  const given: FhirDatastoreOutputs =
    DatastoreId === undefined
      ? await createOnce(flow, service, { step: 'createDatastore', polling })
      : { datastoreId: DatastoreId };
  const { datastoreId } = given;
  flow.know({ datastoreId });
  if (JobId !== undefined) return given;
  const ready = await awaitActive(flow, service, {
    step: 'pollDatastore',
    datastoreId,
    polling,
    timedOut: `; to go on waiting start again with the id of this data store (${datastoreId}) in the input`,
  });
  return {
    datastoreId,
    datastoreArn: given.datastoreArn ?? ready.datastoreArn,
    datastoreEndpoint: given.datastoreEndpoint ?? ready.datastoreEndpoint,
    datastoreStatus: ready.status,
  };
}

/**
 * HealthLake's data stores.
 *
 * @param input - what creates one; not looked at by a run that uses one that is there
 */
export function fhirDatastores(
  flow: Flow,
  input: Partial<NewFhirDatastore> & { ClientToken?: string | undefined },
): DatastoreService<FhirDatastoreOutputs, FhirDatastore> {
  const { DatastoreName, PreloadDataType } = input;
  return {
    kind: 'fhirDatastore',
    remove: 'aws healthlake delete-fhir-datastore --datastore-id',
    given: { name: DatastoreName, clientToken: input.ClientToken, tags: input.Tags?.length ?? 0 },
    create: async (summary, budget, { clientToken: ClientToken, mark }) => {
      const own = mark === undefined ? [] : [{ Key: RUN_TAG, Value: mark }];
      const Tags = [...(input.Tags ?? []), ...own];
      const request = {
        DatastoreName,
        DatastoreTypeVersion: input.DatastoreTypeVersion,
        SseConfiguration: input.SseConfiguration,
        PreloadDataConfig: PreloadDataType && { PreloadDataType },
        IdentityProviderConfiguration: input.IdentityProviderConfiguration,
        ...(Tags.length > 0 && { Tags }),
        ClientToken,
      };
      const reply = await flow.change(summary, healthlake.createFHIRDatastore, request, budget);
      const { DatastoreId = '', DatastoreArn: datastoreArn, DatastoreEndpoint: datastoreEndpoint } = reply;
      return { datastoreId: DatastoreId, datastoreArn, datastoreEndpoint };
    },
    find: (summary, sought) => flow.readLong(summary, healthlake.findFHIRDatastore, sought),
    created: (datastoreId) => ({ datastoreId }),
    describe: async (summary, budget, DatastoreId) => {
      const request = { DatastoreId };
      const reply = await flow.read(summary, healthlake.describeFHIRDatastore, request, budget);
      return toDatastore(reply.DatastoreProperties);
    },
  };
}

function toDatastore(properties: Json<DatastoreProperties> | undefined): FhirDatastore {
  const { DatastoreId = '', DatastoreStatus, CreatedAt, ErrorCause } = properties ?? {};
  const { ErrorMessage, ErrorCategory } = ErrorCause ?? {};
  return {
    datastoreId: DatastoreId,
    status: DatastoreStatus,
    createdAt: CreatedAt,
    // The category says whether the same request may end well another time.
    message: [ErrorMessage, ErrorCategory].filter(Boolean).join(' · ') || undefined,
    datastoreArn: properties?.DatastoreArn,
    datastoreEndpoint: properties?.DatastoreEndpoint,
  };
}
