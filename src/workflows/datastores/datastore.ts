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

/** A data store of either service, in the words that both share. */
export interface Datastore {
  datastoreId: string;
  status: DatastoreStatus | undefined;
  createdAt: string | undefined;
  /** Why it could not be created. */
  message?: string | undefined;
}

/** What the services have names of their own for. */
export interface DatastoreService<Created extends { datastoreId: string }, Store extends Datastore> {
  kind: Extract<WaitKind, 'imagingDatastore' | 'fhirDatastore'>;
  /** The command that deletes a data store, up to its id. */
  remove: string;
  /** What the input gives the data store. */
  given: { name: string | undefined; clientToken: string | undefined; tags: number };
  /** @param own - the token, and the run's mark where the data store is to bear it in its tags */
  create(summary: string, budget: number, own: { clientToken: string; mark?: string }): Promise<Created>;
  find(summary: string, sought: SoughtDatastore): Promise<Sighting>;
  /** What `create` would have returned, of a data store that was found. */
  created(datastoreId: string): Created;
  describe(summary: string, budget: number, datastoreId: string): Promise<Store>;
}

export interface DatastoreWait {
  step: string;
  datastoreId: string;
  polling: Polling | undefined;
  /** The document's step that reads a data store once more which cannot be used. */
  whenFailed?: string;
  /** What to do when the wait has timed out; the end of a sentence. */
  timedOut?: string;
}

/** A resource has at most 50 tags (AWS General Reference, tag naming limits). */
const MOST_TAGS = 50;

/**
 * Creates one data store, whatever dies meanwhile.
 *
 * The data store bears the run's mark in a tag, so that the run finds it again where the reply was lost. A caller who may
 * not set tags creates one without. So does a run whose input has a client token: another run with the same token must
 * send the same request, or AWS may refuse it.
 */
export async function createOnce<Created extends { datastoreId: string }, Store extends Datastore>(
  flow: Flow,
  service: DatastoreService<Created, Store>,
  { step, polling }: { step: string; polling: Polling | undefined },
): Promise<Created> {
  const { given } = service;
  const clientToken = given.clientToken ?? tokenFor(flow, step);
  let marked = given.clientToken === undefined && given.tags < MOST_TAGS;
  const mark = () => (marked ? { mark: flow.facts.mark } : {});
  const created = await once(flow, {
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
      return foundOf(sighting, 'data store', (datastoreId) => service.created(datastoreId));
    },
    lag: flow.facts.listLag,
  });
  const { datastoreId } = created;
  flow.know({ datastoreId });
  flow.underWay = { awsDatastoreId: datastoreId };
  // A token of the user's may have given back a data store that has long been in use: awaitActive sees its age.
  if (given.clientToken === undefined) leave(flow, service, datastoreId);
  return created;
}

/**
 * Waits until a data store can be used.
 *
 * @throws ApplicationFailure `DatastoreCreateFailed` with the service's reason in the details, `DatastoreNotUsable`
 *   (deleted meanwhile) or `WaitTimedOut`
 */
export async function awaitActive<Created extends { datastoreId: string }, Store extends Datastore>(
  flow: Flow,
  service: DatastoreService<Created, Store>,
  { step, datastoreId, polling, whenFailed, ...wait }: DatastoreWait,
): Promise<Store> {
  const { read } = await waitFor(flow, {
    step,
    ...wait,
    kind: service.kind,
    polling,
    // Under way only where this run has created it, be it with a token that may have given back another's.
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
        // That it cannot be used is known, whatever becomes of one more look.
        return { awsMessage: store.message };
      }
    },
  });
  flow.underWay = undefined;
  return read;
}

function leave(flow: Flow, { remove }: { remove: string }, datastoreId: string): void {
  flow.leave({ what: `data store ${datastoreId}`, remove: `${remove} ${datastoreId}` });
}
