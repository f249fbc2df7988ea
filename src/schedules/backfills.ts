/** Ends a backfill that is under way. */
import { setTimeout as pause } from 'node:timers/promises';
import { isGrpcServiceError, type Client } from '@temporalio/client';
import { optionalDateToTs } from '@temporalio/common/lib/time.js';
import { UserError } from '../lib/user-error.ts';

/**
 * Drops all firings of a schedule that wait for another to end; the one that is going on goes on.
 *
 * Nothing in Temporal's API drops them (Server 1.29): a schedule that is paused still makes the firings that were asked
 * for, by a trigger or a backfill, and an update of the policy does not change them. The server clears what waits when a
 * schedule has no action, and forgets the rest of a backfill when its spec has no more times. So for a moment the schedule
 * stands without an action and with an end in the past. Deleting it and creating it again would lose the result of the
 * last firing, by which `onlyNew` knows what is new.
 *
 * @returns how many firings were dropped, as far as Temporal tells: of a long backfill it has only the next 500 waiting
 * @throws UserError when the schedule was changed meanwhile, or could not be given its action again
 */
export async function dropWaitingFirings(temporal: Client, scheduleId: string): Promise<number> {
  const { workflowService, options } = temporal;
  const of = { namespace: options.namespace, scheduleId };
  const look = () => workflowService.describeSchedule(of);
  const { schedule, info, conflictToken } = await look();
  if (!schedule?.action?.startWorkflow) throw new UserError(`${scheduleId} has no action.`);
  const spec = { ...schedule.spec, endTime: optionalDateToTs(new Date(0)) ?? null };
  const identity = options.identity;
  const withoutAction = { ...schedule, spec, action: {} };
  await workflowService.updateSchedule({ ...of, identity, conflictToken, schedule: withoutAction });
  try {
    const isEmptied = await settled(async () => {
      const now = await look();
      return !now.schedule?.action?.startWorkflow && Number(now.info?.bufferSize ?? 0) === 0;
    });
    if (!isEmptied) throw new UserError(`${scheduleId} was changed meanwhile. Look at it, and try again.`);
  } finally {
    await giveBack(scheduleId, async () => {
      const { schedule: now } = await look();
      // Who has paused it meanwhile has meant that.
      const state = now?.state ?? null;
      await workflowService.updateSchedule({ ...of, identity, schedule: { ...schedule, state } });
      return settled(async () => Boolean((await look()).schedule?.action?.startWorkflow));
    });
  }
  return Number(info?.bufferSize ?? 0);
}

/** A schedule takes an update when it looks next, a moment later. */
async function settled(isSo: () => Promise<boolean>): Promise<boolean> {
  for (let looks = 0; looks < 100; looks++) {
    if (await isSo()) return true;
    await pause(50);
  }
  return false;
}

async function giveBack(scheduleId: string, update: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 5; tries++) {
    try {
      if (await update()) return;
    } catch (error) {
      if (!isGrpcServiceError(error)) throw error;
    }
  }
  throw new UserError(
    `${scheduleId} stands without its action and does not fire. Make it again: aws-health-workflows schedule ensure`,
  );
}
