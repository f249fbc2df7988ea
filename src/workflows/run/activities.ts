import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { Activities, FleetActivities } from '../../activities/index.ts';

/*
 * Proxies of the activities, as objects, because a workflow and an activity may share a name (`imaging.copyImageSet(…)`).
 * `Calls` sets the timeouts and the summary of each call. The timeouts here only apply to a call that is made without it.
 */
const lastResort = { startToCloseTimeout: '30 seconds', scheduleToCloseTimeout: '10 minutes' } as const;

export const imaging = proxyActivities<Activities>(lastResort);
export const healthlake = proxyActivities<Activities>(lastResort);
export const files =
  proxyActivities<Pick<Activities, 'listInput' | 'readImportOutcome' | 'readImportReports'>>(lastResort);
export const fleets = proxyActivities<FleetActivities>(lastResort);

/** Local activities: each costs one history event, and the check of an input does not wait behind a full task queue. */
export const { checkInput, expandInput, searchAttributes } = proxyLocalActivities<
  Pick<Activities, 'checkInput' | 'expandInput' | 'searchAttributes'>
>({
  startToCloseTimeout: '10 seconds',
  scheduleToCloseTimeout: '1 minute',
});
