/** Stops a backfill in progress. */
import { setTimeout as pause } from 'node:timers/promises';
import { isGrpcServiceError, type Client } from '@temporalio/client';
import { optionalDateToTs } from '@temporalio/common/lib/time.js';
import { UserError } from '../lib/user-error.ts';
import { readPatiently } from '../temporal/grpc.ts';

/**
 * Drops all firings of a schedule that wait for an open run to end. The open run continues.
 *
 * Temporal's API has no request for this (Server 1.29): a paused schedule still makes the firings of a trigger or a backfill,
 * and an update of the overlap policy does not affect them. But the server clears the waiting firings of a schedule without an
 * action, and drops the rest of a backfill if the spec has no more times. So this function removes the action and sets an end
 * time in the past, waits until the server has cleared the firings, and restores both. Deleting and creating the schedule
 * instead would lose the result of the last run, from which `onlyNew` knows which files are new.
 *
 * @returns how many firings were dropped, as far as Temporal reports it: of a long backfill it buffers only the next 500
 * @throws UserError if another client changed the schedule meanwhile, or the action could not be restored
 */
export async function dropWaitingFirings(temporal: Client, scheduleId: string): Promise<number> {
  const { workflowService, options } = temporal;
  const of = { namespace: options.namespace, scheduleId };
  const describe = () => readPatiently(() => workflowService.describeSchedule(of));
  const { schedule, info, conflictToken } = await describe();
  if (!schedule?.action?.startWorkflow) throw new UserError(`${scheduleId} has no action.`);
  const spec = { ...schedule.spec, endTime: optionalDateToTs(new Date(0)) ?? null };
  const identity = options.identity;
  const withoutAction = { ...schedule, spec, action: {} };
  await workflowService.updateSchedule({ ...of, identity, conflictToken, schedule: withoutAction });
  try {
    const isEmptied = await settled(async () => {
      const now = await describe();
      return !now.schedule?.action?.startWorkflow && Number(now.info?.bufferSize ?? 0) === 0;
    });
    if (!isEmptied)
      throw new UserError(`Another client has changed ${scheduleId} meanwhile. Check it, and try again.`);
  } finally {
    await restoreAction(scheduleId, async () => {
      const { schedule: now } = await describe();
      // The current state, because another client may have paused the schedule meanwhile.
      const state = now?.state ?? null;
      await workflowService.updateSchedule({ ...of, identity, schedule: { ...schedule, state } });
      return settled(async () => Boolean((await describe()).schedule?.action?.startWorkflow));
    });
  }
  return Number(info?.bufferSize ?? 0);
}

/** Waits up to five seconds: a schedule processes an update asynchronously. */
async function settled(isSo: () => Promise<boolean>): Promise<boolean> {
  for (let attempt = 0; attempt < 100; attempt++) {
    if (await isSo()) return true;
    await pause(50);
  }
  return false;
}

async function restoreAction(scheduleId: string, update: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 5; attempt++) {
    try {
      if (await update()) return;
    } catch (error) {
      if (!isGrpcServiceError(error)) throw error;
    }
  }
  throw new UserError(
    `${scheduleId} has lost its action and does not fire. Restore it with: aws-health-workflows schedule ensure`,
  );
}
