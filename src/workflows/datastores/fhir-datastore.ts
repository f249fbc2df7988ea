import type {
  CreateFHIRDatastoreRequest,
  DatastoreProperties,
  DatastoreStatus,
  PreloadDataType,
} from '@aws-sdk/client-healthlake';
import type { Json } from '../../activities/operation.ts';
import type { Polling } from '../../pacing/polling.ts';
import { RUN_TAG } from '../../lib/run-tag.ts';
import { healthlake } from '../run/activities.ts';
import { classifyDeletion } from './classify.ts';
import { awaitActive, createOnce, type Datastore, type DatastoreService } from './datastore.ts';
import { awsDetailsOf, originOf } from '../run/failures.ts';
import type { Flow } from '../run/flow.ts';
import { nothing, once } from '../run/once.ts';
import { waitFor } from '../run/waiting.ts';

/** The members of a flow's input that say which data store it is about: a new one, or one that is there. */
export interface FhirDatastoreInput extends Partial<
  Omit<CreateFHIRDatastoreRequest, 'ClientToken' | 'PreloadDataConfig'>
> {
  /** Synthetic patients to begin with. */
  PreloadDataType?: PreloadDataType;
  /** A data store that is there already: none is created. */
  DatastoreId?: string;
  polling?: Polling;
}

/** What the documents give of a data store. */
export interface FhirDatastoreOutputs {
  datastoreId: string;
  datastoreArn?: string | undefined;
  datastoreEndpoint?: string | undefined;
  datastoreStatus?: DatastoreStatus | undefined;
}

interface FhirDatastore extends Datastore, Omit<FhirDatastoreOutputs, 'datastoreStatus'> {}

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
  input: FhirDatastoreInput & { ClientToken: string | undefined; JobId?: string },
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
 * Deletes a data store, and waits until it is gone.
 *
 * A deletion has no token and needs none: a second one changes nothing, but is answered with an error. So one that
 * follows an attempt without an answer, or that meets a deletion under way, is judged by what a read shows.
 *
 * @throws ApplicationFailure `DeleteFailed` with the service's reason in the details, or `WaitTimedOut`
 */
export async function deleteFhirDatastore(
  flow: Flow,
  { DatastoreId, polling }: { DatastoreId: string; polling?: Polling },
): Promise<FhirDatastoreOutputs> {
  const service = fhirDatastores(flow, {});
  const look = async (summary: string, time = flow.facts.readBudget): Promise<FhirDatastore> => {
    try {
      return await service.describe(summary, time, DatastoreId);
    } catch (error) {
      if (originOf(error)?.type !== 'ResourceNotFoundException') throw error;
      return { datastoreId: DatastoreId, status: 'DELETED', createdAt: undefined };
    }
  };
  const findDeletion = async () => {
    const now = await look('+datastoreNow');
    return now.status === 'DELETING' || now.status === 'DELETED' ? now : undefined;
  };

  const { datastoreArn } = await once<void, Pick<FhirDatastoreOutputs, 'datastoreArn'>>(flow, {
    step: 'deleteDatastore',
    kind: 'fhirDatastore',
    polling,
    guard: 'version',
    prepare: nothing,
    send: async (_, budget) => {
      const request = { DatastoreId };
      try {
        const reply = await flow.change('deleteDatastore', healthlake.deleteFHIRDatastore, request, budget);
        return { datastoreArn: reply.DatastoreArn };
      } catch (error) {
        const found = awsDetailsOf(error).effect === 'conflict' && (await findDeletion());
        if (!found) throw error;
        return found;
      }
    },
    find: async () => {
      const reply = await findDeletion();
      return reply ? { kind: 'ours', reply } : { kind: 'unchanged' };
    },
    lag: flow.facts.deletionLag,
  });

  flow.underWay = { awsDatastoreId: DatastoreId };
  const { read: last } = await waitFor(flow, {
    step: 'pollDatastore',
    kind: 'fhirDatastore',
    polling,
    ours: true,
    read: look,
    classify: ({ status }, waited) => classifyDeletion(status, waited < flow.facts.deletionLag),
    status: ({ status }) => status,
    explain: ({ message }) => Promise.resolve({ awsMessage: message }),
  });
  flow.underWay = undefined;
  return {
    datastoreId: DatastoreId,
    datastoreArn: datastoreArn ?? last.datastoreArn,
    datastoreStatus: last.status,
  };
}

/**
 * HealthLake's data stores.
 *
 * @param input - what creates one; not looked at by a run that uses one that is there
 */
function fhirDatastores(
  flow: Flow,
  input: FhirDatastoreInput & { ClientToken?: string | undefined },
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
