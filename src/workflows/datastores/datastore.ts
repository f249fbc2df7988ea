import { isCancellation } from '@temporalio/workflow';
import type { DatastoreStatus } from '@aws-sdk/client-medical-imaging';
import type { Sighting, SoughtDatastore } from '../../activities/find.ts';
import type { WaitKind } from '../../pacing/pacing.ts';
import type { Polling } from '../../pacing/polling.ts';
import { classifyDatastore } from './classify.ts';
import { originOf } from '../run/failures.ts';
import type { Flow } from '../run/flow.ts';
import { beforeThisRun, isOfThisRun, tokenFor } from '../run/mark.ts';
import { foundOf, nothing, once } from '../run/once.ts';
import { waitFor } from '../run/waiting.ts';

/** The reply to a create request. Only HealthLake returns an ARN and an endpoint. */
export interface CreatedDatastore {
  datastoreId: string;
  datastoreArn?: string | undefined;
  datastoreEndpoint?: string | undefined;
}

/** A data store of either service, in member names common to both. */
export interface Datastore extends CreatedDatastore {
  status: DatastoreStatus | undefined;
  createdAt: string | undefined;
  /** Why the creation failed. */
  message?: string | undefined;
}

/** The client token, and the run's mark where the data store gets it as a tag. */
type OwnOfRun = { clientToken: string; mark?: string };

/** The calls of one service. */
export interface DatastoreService {
  kind: Extract<WaitKind, 'imagingDatastore' | 'fhirDatastore'>;
  /** The AWS CLI command that deletes a data store, without the id at its end. */
  remove: string;
  /** What the input says about a new data store; `tags` is their number. */
  given: { name: string | undefined; clientToken: string | undefined; tags: number };
  create(summary: string, budget: number, own: OwnOfRun): Promise<CreatedDatastore>;
  find(summary: string, sought: SoughtDatastore): Promise<Sighting>;
  describe(summary: string, budget: number, datastoreId: string): Promise<Datastore>;
}

/** A resource has at most 50 tags (AWS General Reference, tag naming limits). */
const MOST_TAGS = 50;

/**
 * Creates exactly one data store, also when a reply is lost or a worker is killed.
 *
 * The data store gets the run's mark as a tag, by which the run finds it after a lost reply. Where the caller may not set
 * tags, it is created without one. It also has none where the input has a client token: another run with the same token
 * must send the same request, or AWS may refuse it.
 */
export async function createOnce(
  flow: Flow,
  service: DatastoreService,
  polling: Polling | undefined,
): Promise<CreatedDatastore> {
  const step = 'createDatastore';
  const { given } = service;
  const clientToken = given.clientToken ?? tokenFor(flow, step);
  let marked = given.clientToken === undefined && given.tags < MOST_TAGS;
  const mark = () => (marked ? { mark: flow.facts.mark } : {});
  const created = await once<void, CreatedDatastore>(flow, {
    step,
    kind: service.kind,
    polling,
    guard: 'token',
    prepare: nothing,
    send: async (_, budget) => {
      try {
        return await service.create(step, budget, { clientToken, ...mark() });
      } catch (error) {
        if (!marked || originOf(error)?.type !== 'AccessDeniedException') throw error;
        marked = false;
        return service.create(step, budget, { clientToken });
      }
    },
    find: async () => {
      const sought = { name: given.name, createdAfter: beforeThisRun(flow), ...mark() };
      const sighting = await service.find('+findDatastore', sought);
      return foundOf(sighting, 'data store', (datastoreId) => ({ datastoreId }));
    },
    lag: flow.facts.listLag,
  });
  const { datastoreId } = created;
  flow.know({ datastoreId });
  flow.underWay = { awsDatastoreId: datastoreId };
  // For a client token of the input, AWS may return a data store that an earlier run created and others use by now. Then
  // awaitActive reads when it was created, before the run offers to remove it.
  if (given.clientToken === undefined) leave(flow, service, datastoreId);
  return created;
}

/**
 * Waits until a data store is `ACTIVE`.
 *
 * @param wait - `whenFailed`: the document's step that reads once more a data store that cannot be used; `timedOut`: the end
 *   of the message of a time-out, which says what to do
 * @throws ApplicationFailure `DatastoreCreateFailed` with the service's reason in the details, `DatastoreNotUsable`
 *   (deleted meanwhile) or `WaitTimedOut`
 */
export async function awaitActive(
  flow: Flow,
  service: DatastoreService,
  {
    datastoreId,
    whenFailed,
    ...wait
  }: { datastoreId: string; polling: Polling | undefined; whenFailed?: string; timedOut?: string },
): Promise<Datastore> {
  const { read } = await waitFor(flow, {
    step: 'pollDatastore',
    ...wait,
    kind: service.kind,
    // Set only where this run has sent the create request.
    ours: flow.underWay !== undefined,
    read: async (summary, budget) => {
      const store = await service.describe(summary, budget, datastoreId);
      if (flow.underWay && isOfThisRun(flow, store.createdAt)) leave(flow, service, datastoreId);
      return store;
    },
    classify: ({ status }) => classifyDatastore(status),
    status: ({ status }) => status,
    explain: async (store) => {
      if (whenFailed === undefined) return { awsMessage: store.message };
      try {
        const again = await service.describe(whenFailed, flow.facts.readBudget, datastoreId);
        return { awsMessage: again.message };
      } catch (error) {
        if (isCancellation(error)) throw error;
        // The run fails because the data store cannot be used, not because this extra read failed.
        return { awsMessage: store.message };
      }
    },
  });
  flow.underWay = undefined;
  return read;
}

function leave(flow: Flow, { remove }: DatastoreService, datastoreId: string): void {
  flow.leave({ what: `data store ${datastoreId}`, remove: `${remove} ${datastoreId}` });
}
