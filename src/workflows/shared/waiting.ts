import { ActivityFailure, TimeoutFailure } from '@temporalio/workflow';
import { QUEUED_TIMEOUT, nextSleep, paceWithEvents, type WaitKind } from '../../pacing.ts';
import { pacingOf, type Polling } from '../../polling.ts';
import type { Verdict } from './classify.ts';
import { flowFailure, originOf } from './failures.ts';
import type { Flow } from './flow.ts';

/** One wait of a flow: what is read, and what a read means. */
export interface Wait<Read> {
  step: string;
  kind: WaitKind;
  polling: Polling | undefined;
  /** One call; the summary and the time it may take are the wait's. */
  read(summary: string, budget: number): Promise<Read>;
  /** @param waited - milliseconds since the wait began */
  classify(read: Read, waited: number): Verdict;
  /** The service's own status, for people. */
  status(read: Read): string | undefined;
  counters?(read: Read): Record<string, number> | undefined;
  /** What a failed end should tell besides the verdict: the service's message, counters. */
  explain?(read: Read): Promise<{ why?: string | undefined; counts?: object | undefined }>;
  /** What to do when the wait has timed out; the end of a sentence. */
  timedOut?: string;
}

/** A read may be given this long even when the deadline is near: a deadline is judged only by a read made past it. */
const READ_BUDGET = 10 * 60_000;

/**
 * Reads, decides, sleeps, until the resource has settled: the one wait of all flows.
 *
 * The deadline is judged only after a read that was made past it: workers may have been down for longer than the
 * resource took.
 *
 * @returns the read that settled it, and the verdict
 * @throws ApplicationFailure of the verdict's type, or `WaitTimedOut`
 */
export async function waitFor<Read>(
  flow: Flow,
  wait: Wait<Read>,
): Promise<{ read: Read; byAnother: boolean }> {
  const { step } = wait;
  const pacing = pacingOf(wait.kind, wait.polling);
  const since = Date.now();
  for (let reads = 1; ; reads++) {
    const summary = reads === 1 ? step : `${step} · ${reads}`;
    const read = await readSurely(() =>
      wait.read(summary, Math.max(since + pacing.timeout - Date.now(), READ_BUDGET)),
    );
    const waited = Date.now() - since;
    const verdict = wait.classify(read, waited);
    const status = wait.status(read) ?? '';
    flow.board.show({
      step,
      status,
      reads,
      waitedSeconds: Math.round(waited / 1000),
      counters: wait.counters?.(read),
    });
    switch (verdict.kind) {
      case 'settled':
        return { read, byAnother: verdict.byAnother ?? false };
      case 'failed': {
        const { why, counts } = (await wait.explain?.(read)) ?? {};
        flow.board.show({ step });
        throw flowFailure(
          verdict.type,
          why ? `${verdict.why}: ${why}` : verdict.why,
          counts ? { counts } : {},
        );
      }
      case 'going': {
        if (verdict.warning) flow.warn(verdict.warning);
        if (waited >= deadline(pacing.timeout, wait, verdict)) {
          throw flowFailure('WaitTimedOut', `still ${status} after ${waited / 1000} s${wait.timedOut ?? ''}`);
        }
        const pace = flow.hadEvent ? paceWithEvents(pacing) : pacing;
        await flow.pause(step, nextSleep(waited, pace), pacing.minimumInterval);
      }
    }
  }
}

function deadline(timeout: number, { polling }: Wait<unknown>, verdict: { queued?: true }): number {
  return verdict.queued && polling?.timeout === undefined ? QUEUED_TIMEOUT : timeout;
}

/** A read that timed out without an attempt ever coming back says that no worker was there, not that AWS failed. */
async function readSurely<Read>(read: () => Promise<Read>): Promise<Read> {
  for (;;) {
    try {
      return await read();
    } catch (error) {
      if (!neverAttempted(error)) throw error;
    }
  }
}

function neverAttempted(error: unknown): boolean {
  return (
    error instanceof ActivityFailure &&
    error.cause instanceof TimeoutFailure &&
    originOf(error.cause.cause) === undefined
  );
}
