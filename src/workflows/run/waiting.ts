import { nextSleep, type WaitKind } from '../../pacing/pacing.ts';
import { queuedTimeout, type Polling } from '../../pacing/polling.ts';
import type { Verdict } from './verdict.ts';
import { flowFailure, originOf } from './failures.ts';
import type { Flow } from './flow.ts';
import { Lapses } from './lapses.ts';

/** One wait of a flow: what to read, and what a read means. */
export interface Wait<Read> {
  step: string;
  kind: WaitKind;
  polling: Polling | undefined;
  /** Whether this run has just created or changed the resource, so that AWS may still answer `ResourceNotFoundException`. */
  ours?: boolean;
  /** Makes one call with this summary and budget. */
  read(summary: string, budget: number): Promise<Read>;
  /** @param waited - milliseconds since the wait began */
  classify(read: Read, waited: number): Verdict;
  /** The service's own status, for the progress. */
  status(read: Read): string | undefined;
  counters?(read: Read): Record<string, number> | undefined;
  /** For the details of the failure: the service's message, which may hold patient data, and counts. */
  explain?(read: Read): Promise<{ awsMessage?: string | undefined; counts?: object | undefined }>;
  /** The end of the message of a timeout, which says what to do. */
  timedOut?: string;
}

/**
 * Reads a resource, with pauses in between, until it has reached a final state.
 *
 * The wait times out only after a read that was made after the deadline: if all workers were down for longer than that, the
 * resource may be ready. Time in a queue has a deadline of its own, and does not count against the time in which the job runs.
 *
 * After an error that `lapses.ts` excuses, the wait reads again.
 *
 * The input rules limit the reads of a run to `mostReads`. But a run can repeat a wait, for example after a conflict, and
 * events cause reads of their own. So the run counts its reads, too: beyond `mostReads` a wait reads only once more, at its
 * deadline.
 *
 * @returns the last read, and whether another writer has changed the resource since
 * @throws ApplicationFailure of the verdict's type, or `WaitTimedOut`
 * @throws ActivityFailure of a read that failed
 */
export async function waitFor<Read>(
  flow: Flow,
  wait: Wait<Read>,
): Promise<{ read: Read; byAnother: boolean }> {
  const { step, polling } = wait;
  const { timeout, minimumInterval } = flow.pacing(wait.kind, polling);
  const began = Date.now();
  let deadline = began + timeout;
  let queued = false;
  const { staleReads, rules } = flow.facts;
  const { mendedWithin } = rules;
  const lapses = new Lapses({ ours: wait.ours ?? false, began, staleReads, mendedWithin });
  const pause = (sleep: number, until: number) =>
    flow.readsInWaits < rules.mostReads
      ? flow.pause(step, sleep, minimumInterval)
      : flow.pause(step, until, until);
  for (let reads = 1; ; reads++) {
    flow.readsInWaits += 1;
    const summary = reads === 1 ? step : `${step} · ${reads}`;
    let read: Read;
    try {
      read = await wait.read(summary, Math.max(deadline - Date.now(), flow.facts.readBudget));
      lapses.end();
    } catch (failure) {
      const refused = Date.now();
      const lasted = lapses.excuse(failure, refused);
      if (refused >= deadline) throw failure;
      flow.warn(`${step}: ${originOf(failure)?.type}, which may be temporary; reading again`);
      await pause(nextSleep(lasted, flow.pacing(wait.kind, polling)), deadline - refused);
      continue;
    }
    const now = Date.now();
    const waited = now - began;
    const verdict = wait.classify(read, waited);
    const status = wait.status(read) ?? '';
    flow.board.show({
      step,
      status,
      reads,
      waitedSeconds: Math.round(waited / 1000),
      counters: wait.counters?.(read),
    });
    if (verdict.kind !== 'going') flow.showEnd(wait.kind);
    if (verdict.kind === 'settled') return { read, byAnother: verdict.byAnother ?? false };
    if (verdict.kind === 'failed') {
      const { awsMessage, counts } = (await wait.explain?.(read)) ?? {};
      flow.board.show({ step, status });
      throw flowFailure(verdict.type, verdict.why, {
        ...(awsMessage && { awsMessage }),
        ...(counts && { counts }),
      });
    }
    if (verdict.warning) flow.warn(verdict.warning);
    if (queued !== (verdict.queued ?? false)) {
      queued = !queued;
      deadline = queued ? began + queuedTimeout(polling, flow.facts.rules) : now + timeout;
    }
    if (now >= deadline) {
      throw flowFailure('WaitTimedOut', `still ${status} after ${waited / 1000} s${wait.timedOut ?? ''}`);
    }
    const next = flow.nextSleep(wait.kind, polling, waited);
    await pause(Math.min(next, deadline - now), deadline - now);
  }
}
