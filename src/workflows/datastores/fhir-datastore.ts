import type { DatastoreStatus } from '@aws-sdk/client-healthlake';
import type { FhirDatastoreInput, NewFhirDatastore } from '../../input-rules/inputs.ts';
import { RUN_TAG } from '../../lib/run-tag.ts';
import { healthlake } from '../run/activities.ts';
import { awaitActive, createOnce, type CreatedDatastore, type DatastoreService } from './datastore.ts';
import type { Flow } from '../run/flow.ts';

/** What the flows return about a HealthLake data store: the outputs of their documents in `arazzo/`. */
export interface FhirDatastoreOutputs extends CreatedDatastore {
  datastoreStatus?: DatastoreStatus | undefined;
}

/**
 * Creates a data store once, or takes the one that the input names, and waits until it is `ACTIVE`.
 *
 * @param input - `ClientToken`: its name in the flow's input differs from flow to flow; derived where it is absent.
 *   `JobId`: a job that runs in the data store already, so that there is nothing to wait for
 * @throws ApplicationFailure `DatastoreCreateFailed` with the service's reason in the details, `DatastoreNotUsable` or
 *   `WaitTimedOut`
 */
export async function provisionFhirDatastore(
  flow: Flow,
  input: FhirDatastoreInput & { ClientToken: string | undefined; JobId?: string | undefined },
): Promise<FhirDatastoreOutputs> {
  const { DatastoreId, JobId, polling } = input;
  const service = fhirDatastores(flow, input);
  const given: CreatedDatastore =
    DatastoreId === undefined ? await createOnce(flow, service, polling) : { datastoreId: DatastoreId };
  const { datastoreId } = given;
  flow.know({ datastoreId });
  if (JobId !== undefined) return given;
  const ready = await awaitActive(flow, service, {
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

/** @param input - what creates a data store; unused by a run that takes an existing one */
export function fhirDatastores(
  flow: Flow,
  input: Partial<NewFhirDatastore> & { ClientToken?: string | undefined },
): DatastoreService {
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
    describe: async (summary, budget, DatastoreId) => {
      const reply = await flow.read(summary, healthlake.describeFHIRDatastore, { DatastoreId }, budget);
      const store = reply.DatastoreProperties;
      const { ErrorMessage, ErrorCategory } = store?.ErrorCause ?? {};
      return {
        datastoreId: DatastoreId,
        status: store?.DatastoreStatus,
        createdAt: store?.CreatedAt,
        // The category says whether the same request may succeed another time.
        message: [ErrorMessage, ErrorCategory].filter(Boolean).join(' · ') || undefined,
        datastoreArn: store?.DatastoreArn,
        datastoreEndpoint: store?.DatastoreEndpoint,
      };
    },
  };
}
