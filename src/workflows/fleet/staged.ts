/** Which files of staged jobs are copied next, and what follows from it. Like `state.ts`, without calls and without a clock. */
import { inService, pending, take, type FleetState, type Try } from './state.ts';

/**
 * Whether to copy the files of another job now. Copies cost money, so there are no more jobs ahead than the service takes, and
 * before one job has ended well a staged job is copied only if there is no other to try.
 */
export function canStage(state: FleetState<unknown>): boolean {
  const { paused, proven, pace, staging, again, todo } = state;
  if (paused !== undefined || pending(state.unstaged) === 0) return false;
  const ahead = staging.length + again.length;
  return proven ? ahead < pace.concurrency : ahead + inService(state) + todo.length === 0;
}

/** @returns the next job to copy files for; `undefined` if it is not yet its turn */
export function takeUnstaged(state: FleetState<unknown>): Try | undefined {
  if (!canStage(state)) return undefined;
  const [next] = take(state.unstaged, 1);
  if (next) state.staging.push(next);
  return next;
}

/** The files of a job have been copied, so it can be started: unless none of them could be. */
export function settleStaged(state: FleetState<unknown>, { index }: Try, { files }: { files: number }): void {
  const one = leaveStaging(state, index);
  if (!one) return;
  if (files > 0) state.again.push(one);
  else state.ended.push({ ...one, jobId: '', status: 'REJECTED', reason: 'NothingCopied' });
}

/**
 * The files of a job have not been copied, or not all of them. Another attempt copies what is missing.
 *
 * @param reason - why the copying has failed for good; absent if the run has ended it
 */
export function settleUnstaged(state: FleetState<unknown>, { index }: Try, reason?: string): void {
  const one = leaveStaging(state, index);
  if (!one) return;
  state.unstaged.again.unshift(one);
  if (reason !== undefined) state.paused ??= `files cannot be copied to stagingS3Uri: ${reason}`;
}

/** @returns `undefined` if the rest of the fleet has been cancelled meanwhile */
function leaveStaging(state: FleetState<unknown>, index: number): Try | undefined {
  const one = state.staging.find((each) => each.index === index);
  state.staging = state.staging.filter((each) => each !== one);
  return one;
}
