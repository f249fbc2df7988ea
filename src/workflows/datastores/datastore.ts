import { isCancellation } from '@temporalio/workflow';
import type { DatastoreStatus } from '@aws-sdk/client-medical-imaging';
import type { WaitKind } from '../../pacing/pacing.ts';
import { pacingOf, type Polling } from '../../pacing/polling.ts';
import { classifyDatastore } from './classify.ts';
import { WORST_CLOCK_SKEW, isOfThisRun, tokenFor, type Flow } from '../run/flow.ts';
import { pagesOf, type Page } from '../run/pages.ts';
import { namesake, startOnce, type Trace } from '../run/start-once.ts';
import { waitFor } from '../run/waiting.ts';

/** A data store of either service, in the words that both share. */
export interface Datastore {
  datastoreId: string;
  name: string | undefined;
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
  /** The name and the token that the input gives the data store. */
  name: string | undefined;
  clientToken: string | undefined;
  create(summary: string, budget: number, clientToken: string): Promise<Created>;
  list(summary: string, nextToken: string | undefined): Promise<Page<Datastore>>;
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

/** An account has 100 data stores a region; a page has 50. */
const MOST_PAGES = 20;

/** Creates one data store, whatever dies meanwhile. */
export async function createOnce<Created extends { datastoreId: string }, Store extends Datastore>(
  flow: Flow,
  service: DatastoreService<Created, Store>,
  { step, polling }: { step: string; polling: Polling | undefined },
): Promise<Created> {
  const clientToken = service.clientToken ?? tokenFor(step);
  const created = await startOnce(flow, {
    step,
    timeout: pacingOf(service.kind, polling).timeout,
    start: (budget) => service.create(step, budget, clientToken),
    trace: () => traceDatastore(service),
  });
  const { datastoreId } = created;
  flow.know({ datastoreId });
  flow.underWay = { awsDatastoreId: datastoreId };
  // A token of the user's may have given back a data store that has long been in use: awaitActive sees its age.
  if (service.clientToken === undefined) leave(flow, service, datastoreId);
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
      if (flow.underWay && isOfThisRun(store.createdAt)) leave(flow, service, datastoreId);
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

/** A data store of that name that came since this run began. Names are not unique: it may be somebody else's. */
async function traceDatastore<Created extends { datastoreId: string }, Store extends Datastore>(
  service: DatastoreService<Created, Store>,
): Promise<Trace<Created>> {
  const read = (summary: string, token: string | undefined) => service.list(summary, token);
  for await (const { items } of pagesOf('+findDatastore', MOST_PAGES, read)) {
    const found = items?.find(
      ({ name, createdAt }) => name === service.name && isOfThisRun(createdAt, WORST_CLOCK_SKEW),
    );
    if (found) return namesake(`data store ${found.datastoreId}`);
  }
  return { kind: 'none' };
}
