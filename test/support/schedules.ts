import { setTimeout as pause } from 'node:timers/promises';
import type { FlowClient } from '../../src/client.ts';
import type { ScheduleStatus } from '../../src/schedules.ts';

/** Waits until a schedule has fired so often and nothing of it is going on. */
export async function untilFired(
  { schedules }: FlowClient,
  scheduleId: string,
  times: number,
): Promise<ScheduleStatus> {
  for (;;) {
    const status = await schedules.describe(scheduleId);
    if (status.counts.fired >= times && status.running.length === 0) return status;
    await pause(20);
  }
}
