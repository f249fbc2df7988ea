/**
 * Works off many jobs: starts them, looks at them and records them, many in each activity. What the jobs are is behind
 * {@link FleetJobs}, so that this engine knows nothing about imports.
 */
import {
  CancellationScope,
  allHandlersFinished,
  condition,
  isCancellation,
  workflowInfo,
} from '@temporalio/workflow';
import { originOf } from '../run/failures.ts';
import type { Flow } from '../run/flow.ts';
import { canStage, settleStaged, settleUnstaged, takeUnstaged } from './staged.ts';
import {
  inService,
  isOver,
  needsLook,
  room,
  settleAnswers,
  settlePlannedAgain,
  settleRecorded,
  settleSeen,
  settleSilence,
  takeBatch,
  type Answers,
  type Batch,
  type EndedJob,
  type FleetState,
  type PlannedAgain,
  type RunningJob,
  type Seen,
  type Try,
} from './state.ts';

/** What a fleet does with its jobs. Each member is one activity that handles many of them. */
export interface FleetJobs<Sums> {
  start(batch: Batch): Promise<Answers>;
  /** Copies the files of a staged job. @returns how many it has then */
  stage(job: Try): Promise<{ readonly files: number }>;
  look(state: FleetState<Sums>): Promise<Seen>;
  /** Writes a part of the report. @returns the sums of all parts */
  record(
    state: FleetState<Sums>,
    jobs: readonly EndedJob[],
  ): Promise<{ again: readonly number[]; sums: Sums }>;
  /** Divides a job that was too large. */
  planAgain(state: FleetState<Sums>, job: RunningJob): Promise<PlannedAgain>;
  /** Shows how far the fleet is. */
  show(state: FleetState<Sums>): void;
}

/** How many jobs one activity records: its input stays small. */
const RECORDED_AT_ONCE = 50;

/** For how many jobs files are copied at the same time. Each of these activities has many copies under way. */
const STAGED_AT_ONCE = 2;

/**
 * How many batches of starts are under way at the same time. While the jobs of one are being started, the other waits for its
 * time in another activity. Otherwise nothing would be started from the end of one activity until a worker has the next one.
 */
const BATCHES_AT_ONCE = 2;

/**
 * Works until all jobs have ended, or until Temporal suggests to continue as new. The state says all there is to know: the next
 * run goes on from it.
 *
 * @param lookEvery - the pause between two looks, in milliseconds
 * @returns whether all jobs have ended
 * @throws ActivityFailure of a call that has failed for good; another run on the same plan goes on
 */
export async function workOff<Sums>(
  flow: Flow,
  jobs: FleetJobs<Sums>,
  state: FleetState<Sums>,
  lookEvery: number,
): Promise<boolean> {
  const rules = flow.facts.rules.fleet;
  const isTurning = () => workflowInfo().continueAsNewSuggested;
  const hasEnded = () => isTurning() || isOver(state);
  const show = () => {
    const count = inService(state);
    flow.underWay = count > 0 ? { awsJobs: count === 1 ? '1 job' : `${count} jobs` } : undefined;
    jobs.show(state);
  };

  const startBatches = async () => {
    for (;;) {
      await condition(() => hasEnded() || room(state) > 0);
      if (hasEnded()) return;
      const batch = takeBatch(state, Date.now(), flow.facts.tokenLife, rules);
      if (batch.tries.length === 0) continue;
      try {
        settleAnswers(state, batch, await jobs.start(batch), Date.now(), rules);
      } catch (error) {
        if (isCancellation(error)) throw error;
        const { type } = originOf(error) ?? {};
        const reason = type === 'WaitTimedOut' ? undefined : (type ?? undefined);
        settleSilence(state, batch, Date.now(), rules, reason);
      }
      show();
    }
  };

  const stage = async () => {
    for (;;) {
      await condition(() => hasEnded() || canStage(state));
      if (hasEnded()) return;
      // The other loop, which has waited for the same, may have been faster.
      const job = takeUnstaged(state);
      if (!job) continue;
      try {
        settleStaged(state, job, await jobs.stage(job));
      } catch (error) {
        if (isCancellation(error)) {
          settleUnstaged(state, job);
          throw error;
        }
        settleUnstaged(state, job, originOf(error)?.type ?? 'UnknownError');
      }
      show();
    }
  };

  const look = async () => {
    for (;;) {
      await condition(() => hasEnded() || needsLook(state));
      if (hasEnded()) return;
      if (await condition(isTurning, lookEvery, { summary: 'wait before +look' })) return;
      settleSeen(state, await jobs.look(state), rules);
      show();
    }
  };

  const record = async () => {
    for (;;) {
      await condition(() => hasEnded() || state.ended.length + state.tooLarge.length > 0);
      if (hasEnded()) return;
      const [job] = state.tooLarge;
      const some = state.ended.slice(0, RECORDED_AT_ONCE);
      if (job) settlePlannedAgain(state, job, await jobs.planAgain(state, job));
      else settleRecorded(state, some, await jobs.record(state, some));
      show();
    }
  };

  show();
  const copying = new CancellationScope();
  // A run that continues as new does not wait for copies, which can take hours. The next run copies what is missing.
  const running = Promise.all([...Array.from({ length: BATCHES_AT_ONCE }, startBatches), look(), record()]);
  const untilOver = running.finally(() => copying.cancel());
  await Promise.all([untilOver, copying.run(() => eachEnded(STAGED_AT_ONCE, stage))]);
  // Before the run continues as new: if it closed while an update is being handled, the sender of the update would get an error.
  await condition(allHandlersFinished);
  return isOver(state);
}

/** Runs a loop several times at once, until each has ended or was cancelled. */
async function eachEnded(times: number, loop: () => Promise<void>): Promise<void> {
  const unlessCancelled = (error: unknown) => {
    if (!isCancellation(error)) throw error;
  };
  await Promise.all(Array.from({ length: times }, () => loop().catch(unlessCancelled)));
}
