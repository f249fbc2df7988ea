/** What Temporal reports about the schedule of a recurring import. */
import type { ScheduleDescription, ScheduleExecutionResult, ScheduleSummary } from '@temporalio/client';
import { recurringImportOf, type ScheduledImport } from './recurring-import.ts';

/** A run that a schedule has started. */
export interface Firing {
  scheduledAt: Date;
  startedAt: Date;
  workflowId: string;
  runId: string;
}

/** The status of a schedule. Durations are in milliseconds. */
export interface ScheduleStatus {
  scheduleId: string;
  recurringImport: ScheduledImport;
  taskQueue: string;
  paused: boolean;
  note: string;
  next: Date[];
  recent: Firing[];
  /** The workflow ids of the open runs. */
  running: string[];
  /**
   * How many firings wait for an open run to end; for a long backfill, the next 500 of them. Pausing the schedule does not
   * stop firings that a trigger or a backfill asked for.
   */
  waiting: number;
  counts: { fired: number; missedByOutage: number; skippedByOverlap: number };
}

/** One schedule in a list: what Temporal's visibility store has of it, which may lag by a second. */
export type ScheduleLine = Pick<ScheduleStatus, 'scheduleId' | 'paused' | 'note' | 'next' | 'recent'>;

export function toStatus(description: ScheduleDescription): ScheduleStatus {
  const { scheduleId, action, state, info } = description;
  return {
    scheduleId,
    recurringImport: recurringImportOf(description),
    taskQueue: action.taskQueue,
    paused: state.paused,
    note: state.note ?? '',
    next: info.nextActionTimes,
    recent: info.recentActions.map(toFiring),
    running: info.runningActions.map(({ workflow }) => workflow.workflowId),
    waiting: Number(description.raw.info?.bufferSize ?? 0),
    counts: {
      fired: info.numActionsTaken,
      missedByOutage: info.numActionsMissedCatchupWindow,
      skippedByOverlap: info.numActionsSkippedOverlap,
    },
  };
}

export function toLine({ scheduleId, state, info }: ScheduleSummary): ScheduleLine {
  const { paused, note = '' } = state;
  return {
    scheduleId,
    paused,
    note,
    next: info.nextActionTimes,
    recent: info.recentActions.map(toFiring),
  };
}

function toFiring({ scheduledAt, takenAt, action }: ScheduleExecutionResult): Firing {
  const { workflowId, firstExecutionRunId: runId } = action.workflow;
  return { scheduledAt, startedAt: takenAt, workflowId, runId };
}
