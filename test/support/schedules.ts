import { setTimeout as pause } from 'node:timers/promises';
import type { FlowClient } from '../../src/client.ts';
import type { ScheduleStatus } from '../../src/schedules.ts';
import type { RecurringImportResult } from '../../src/workflows/recurring-import.ts';

/** Waits until a schedule has fired a number of times and none of its runs is open. */
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

/** The run that the latest firing of a schedule has started. */
export async function latestRun({ schedules, temporal }: FlowClient, scheduleId: string) {
  const { recent } = await schedules.describe(scheduleId);
  const { workflowId = '', runId } = recent.at(-1) ?? {};
  return temporal.workflow.getHandle<() => Promise<RecurringImportResult>>(workflowId, runId);
}

/** Triggers a schedule, and waits for the result of the run. */
export async function fireOnce(flows: FlowClient, scheduleId: string): Promise<RecurringImportResult> {
  const { counts } = await flows.schedules.describe(scheduleId);
  await flows.schedules.trigger(scheduleId);
  await untilFired(flows, scheduleId, counts.fired + 1);
  return (await latestRun(flows, scheduleId)).result();
}
