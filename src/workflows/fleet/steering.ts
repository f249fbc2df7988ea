/** The updates that steer a fleet while it runs. Their handlers change only the state, so each is synchronous and idempotent. */
import { ApplicationFailure, defineUpdate, setHandler } from '@temporalio/workflow';
import {
  cancelRemaining,
  inService,
  isOver,
  pause,
  resume,
  setPace,
  waiting,
  type FleetState,
} from './state.ts';

/** How a fleet stands after an update. */
export interface FleetStanding {
  readonly status: 'running' | 'paused' | 'cancelling' | 'ended';
  readonly why?: string;
  readonly waiting: number;
  /** In AWS, which cannot cancel an import job: the run sees them through. */
  readonly running: number;
  readonly concurrency: number;
  readonly startsPerSecond: number;
}

export const pauseUpdate = defineUpdate<FleetStanding>('pause');
export const resumeUpdate = defineUpdate<FleetStanding>('resume');
export const setConcurrencyUpdate = defineUpdate<FleetStanding, [number]>('setConcurrency');
export const setStartsPerSecondUpdate = defineUpdate<FleetStanding, [number]>('setStartsPerSecond');
export const cancelRemainingUpdate = defineUpdate<FleetStanding>('cancelRemaining');

/** @param changed - called after each change */
export function steer(state: FleetState<unknown>, now: () => number, changed: () => void): void {
  const standing = () => {
    changed();
    return standingOf(state);
  };
  setHandler(
    pauseUpdate,
    () => {
      pause(state, 'paused by an update');
      return standing();
    },
    { description: 'Starts no further job until resume. The jobs in AWS go on.' },
  );
  setHandler(
    resumeUpdate,
    () => {
      resume(state);
      return standing();
    },
    { description: 'Starts jobs again.' },
  );
  setHandler(
    setConcurrencyUpdate,
    (concurrency) => {
      setPace(state, { concurrency }, now());
      return standing();
    },
    { description: 'How many jobs may be in AWS at the same time.', validator: wholeNumber },
  );
  setHandler(
    setStartsPerSecondUpdate,
    (startsPerSecond) => {
      setPace(state, { startsPerSecond }, now());
      return standing();
    },
    { description: 'How many jobs to start in a second.', validator: rate },
  );
  setHandler(
    cancelRemainingUpdate,
    () => {
      cancelRemaining(state);
      return standing();
    },
    { description: 'Starts no further job, sees those in AWS through, and writes the report.' },
  );
}

export function standingOf(state: FleetState<unknown>): FleetStanding {
  const { paused, left, pace } = state;
  return {
    status: statusOf(state),
    ...(paused !== undefined && left === undefined && { why: paused }),
    waiting: waiting(state),
    running: inService(state),
    ...pace,
  };
}

function statusOf(state: FleetState<unknown>): FleetStanding['status'] {
  if (state.left !== undefined) return isOver(state) ? 'ended' : 'cancelling';
  return state.paused === undefined ? 'running' : 'paused';
}

function wholeNumber(value: unknown): void {
  if (!Number.isInteger(value) || Number(value) < 1) throw refused('a whole number from 1');
}

function rate(value: unknown): void {
  if (typeof value !== 'number' || !(value > 0) || value > 1_000)
    throw refused('a number over 0 and up to 1,000');
}

const refused = (rule: string) =>
  ApplicationFailure.nonRetryable(`the value must be ${rule}`, 'ValidationFailed');
