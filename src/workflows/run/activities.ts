import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { Activities } from '../../activities/index.ts';

/*
 * The activities as workflows see them. Always objects, since a workflow and an activity may share a name
 * (`imaging.copyImageSet(…)`). Every call gets its own time-outs and summary from `Flow`; those here are a last resort.
 */
const lastResort = { startToCloseTimeout: '30 seconds', scheduleToCloseTimeout: '10 minutes' } as const;

export const imaging = proxyActivities<Activities>(lastResort);
export const healthlake = proxyActivities<Activities>(lastResort);
export const files =
  proxyActivities<Pick<Activities, 'listInput' | 'readImportOutcome' | 'readImportReports'>>(lastResort);

/** Local: one event in the history, and no way for a bad input to wait behind a full task queue. */
export const { checkInput, expandInput, searchAttributes } = proxyLocalActivities<
  Pick<Activities, 'checkInput' | 'expandInput' | 'searchAttributes'>
>({
  startToCloseTimeout: '10 seconds',
  scheduleToCloseTimeout: '1 minute',
});
