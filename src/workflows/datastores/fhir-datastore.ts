import type {
  CreateFHIRDatastoreRequest,
  DatastoreProperties,
  DatastoreStatus,
  FHIRVersion,
  PreloadDataType,
} from '@aws-sdk/client-healthlake';
import type { Json } from '../../activities/operation.ts';
import { pacingOf, type Polling } from '../../pacing/polling.ts';
import { healthlake } from '../run/activities.ts';
import { classifyDeletion } from './classify.ts';
import { awaitActive, createOnce, type Datastore, type DatastoreService } from './datastore.ts';
import { awsDetailsOf, originOf } from '../run/failures.ts';
import type { Flow } from '../run/flow.ts';
import { mutateOnce } from '../run/mutate-once.ts';
import { waitFor } from '../run/waiting.ts';

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
  const { timeout: budget } = pacingOf('fhirDatastore', polling);
  const service = fhirDatastores(flow, {});
  const look = async (summary: string, time = flow.facts.readBudget): Promise<FhirDatastore> => {
    try {
      return await service.describe(summary, time, DatastoreId);
    } catch (error) {
      if (originOf(error)?.type !== 'ResourceNotFoundException') throw error;
      return { datastoreId: DatastoreId, name: undefined, status: 'DELETED', createdAt: undefined };
    }
  };
  const findDeletion = async () => {
    const now = await look('+datastoreNow');
    return now.status === 'DELETING' || now.status === 'DELETED' ? now : undefined;
  };

  const { datastoreArn } = await mutateOnce<void, Pick<FhirDatastoreOutputs, 'datastoreArn'>>(flow, {
    step: 'deleteDatastore',
    timeout: budget,
    prepare: () => Promise.resolve(),
    send: async () => {
      try {
        const reply = await flow.change(
          'deleteDatastore',
          healthlake.deleteFHIRDatastore,
          { DatastoreId },
          budget,
        );
        return { datastoreArn: reply.DatastoreArn };
      } catch (error) {
        const found = awsDetailsOf(error).effect === 'conflict' && (await findDeletion());
        if (!found) throw error;
        flow.settleDoubt();
        return found;
      }
    },
    find: async () => {
      const reply = await findDeletion();
      return reply ? { kind: 'ours', reply } : { kind: 'unchanged' };
    },
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
  input: Partial<NewFhirDatastore> & { ClientToken?: string | undefined },
): DatastoreService<FhirDatastoreOutputs, FhirDatastore> {
  const { DatastoreName, PreloadDataType } = input;
  return {
    kind: 'fhirDatastore',
    remove: 'aws healthlake delete-fhir-datastore --datastore-id',
    name: DatastoreName,
    clientToken: input.ClientToken,
    create: async (summary, budget, ClientToken) => {
      const request = {
        DatastoreName,
        DatastoreTypeVersion: input.DatastoreTypeVersion,
        SseConfiguration: input.SseConfiguration,
        PreloadDataConfig: PreloadDataType && { PreloadDataType },
        IdentityProviderConfiguration: input.IdentityProviderConfiguration,
        Tags: input.Tags,
        ClientToken,
      };
      const reply = await flow.change(summary, healthlake.createFHIRDatastore, request, budget);
      const { DatastoreId = '', DatastoreArn: datastoreArn, DatastoreEndpoint: datastoreEndpoint } = reply;
      return { datastoreId: DatastoreId, datastoreArn, datastoreEndpoint };
    },
    list: async (summary, NextToken) => {
      const request = { Filter: { DatastoreName }, NextToken };
      const page = await flow.read(summary, healthlake.listFHIRDatastores, request);
      return { items: page.DatastorePropertiesList?.map(toDatastore), nextToken: page.NextToken };
    },
    describe: async (summary, budget, DatastoreId) => {
      const request = { DatastoreId };
      const reply = await flow.read(summary, healthlake.describeFHIRDatastore, request, budget);
      return toDatastore(reply.DatastoreProperties);
    },
  };
}

function toDatastore(properties: Json<DatastoreProperties> | undefined): FhirDatastore {
  const { DatastoreId = '', DatastoreName, DatastoreStatus, CreatedAt, ErrorCause } = properties ?? {};
  const { ErrorMessage, ErrorCategory } = ErrorCause ?? {};
  return {
    datastoreId: DatastoreId,
    name: DatastoreName,
    status: DatastoreStatus,
    createdAt: CreatedAt,
    // The category says whether the same request may end well another time.
    message: [ErrorMessage, ErrorCategory].filter(Boolean).join(' · ') || undefined,
    datastoreArn: properties?.DatastoreArn,
    datastoreEndpoint: properties?.DatastoreEndpoint,
  };
}
