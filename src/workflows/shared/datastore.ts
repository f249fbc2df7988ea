import type { Polling } from '../../polling.ts';
import { imaging } from './activities.ts';
import { classifyDatastore } from './classify.ts';
import type { Flow } from './flow.ts';
import { waitFor } from './waiting.ts';

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
    read: (summary, budget) => flow.read(summary, imaging.getDatastore, { datastoreId }, budget),
    classify: ({ datastoreProperties }) => classifyDatastore(datastoreProperties?.datastoreStatus),
    status: ({ datastoreProperties }) => datastoreProperties?.datastoreStatus,
  });
  return read.datastoreProperties;
}
