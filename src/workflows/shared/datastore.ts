import type { CreateDatastoreRequest } from '@aws-sdk/client-medical-imaging';
import { pacingOf, type Polling } from '../../polling.ts';
import { imaging } from './activities.ts';
import { classifyDatastore } from './classify.ts';
import { isOfThisRun, tokenFor, type Flow } from './flow.ts';
import { startOnce, type Trace } from './start-once.ts';
import { waitFor } from './waiting.ts';

/** What creates a data store; the token is derived where it is absent. */
export type NewDatastore = Omit<CreateDatastoreRequest, 'clientToken'> & { clientToken: string | undefined };

const READ_BUDGET = 10 * 60_000;
/** An account has 100 data stores a region; a page has 50. */
const MOST_PAGES = 20;

/** Creates one HealthImaging data store, whatever dies meanwhile. */
export async function createDatastore(
  flow: Flow,
  { step, polling, ...request }: NewDatastore & { step: string; polling: Polling | undefined },
): Promise<string> {
  const input = { ...request, clientToken: request.clientToken ?? tokenFor(step) };
  const datastoreId = await startOnce(flow, {
    step,
    timeout: pacingOf('imagingDatastore', polling).timeout,
    start: async (budget) =>
      (await flow.change(step, imaging.createDatastore, input, { budget })).datastoreId ?? '',
    trace: () => traceDatastore(flow, request.datastoreName),
  });
  flow.know({ datastoreId });
  flow.underWay = { awsDatastoreId: datastoreId };
  // A token of the user's may have given back a data store that has long been in use: awaitDatastore sees its age.
  if (request.clientToken === undefined) leave(flow, datastoreId);
  return datastoreId;
}

/**
 * Waits until a HealthImaging data store can be used.
 *
 * @throws ApplicationFailure `DatastoreCreateFailed`, `DatastoreNotUsable` (deleted meanwhile) or `WaitTimedOut`
 */
export async function awaitDatastore(
  flow: Flow,
  { step, datastoreId, polling }: { step: string; datastoreId: string; polling: Polling | undefined },
) {
  const { read } = await waitFor(flow, {
    step,
    kind: 'imagingDatastore',
    polling,
    read: async (summary, budget) => {
      const { datastoreProperties } = await flow.read(summary, imaging.getDatastore, { datastoreId }, budget);
      if (isOfThisRun(datastoreProperties?.createdAt)) leave(flow, datastoreId);
      return datastoreProperties;
    },
    classify: (properties) => classifyDatastore(properties?.datastoreStatus),
    status: (properties) => properties?.datastoreStatus,
  });
  flow.underWay = undefined;
  return read;
}

function leave(flow: Flow, datastoreId: string): void {
  flow.leave({
    what: `data store ${datastoreId}`,
    remove: `aws medical-imaging delete-datastore --datastore-id ${datastoreId}`,
  });
}

/** A data store of that name that came since this run began. Names are not unique: it may be somebody else's. */
async function traceDatastore(flow: Flow, datastoreName: string | undefined): Promise<Trace<string>> {
  let nextToken: string | undefined;
  for (let page = 1; page <= MOST_PAGES; page++) {
    const list = await flow.read('+findDatastore', imaging.listDatastores, { nextToken }, READ_BUDGET);
    const found = list.datastoreSummaries?.find(
      (store) => store.datastoreName === datastoreName && isOfThisRun(store.createdAt),
    );
    if (found) return { kind: 'perhaps', id: `data store ${found.datastoreId}` };
    nextToken = list.nextToken;
    if (nextToken === undefined) break;
  }
  return { kind: 'none' };
}
