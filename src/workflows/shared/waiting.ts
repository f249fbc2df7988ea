import { nextSleep, type WaitKind } from '../../pacing.ts';
import { pacingOf, queuedTimeout, type Polling } from '../../polling.ts';
import type { Verdict } from './classify.ts';
import { flowFailure } from './failures.ts';
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
  /** What the failure's details tell of a failed end: the service's message, which may be patient data, and counters. */
  explain?(read: Read): Promise<Explanation>;
  /** What to do when the wait has timed out; the end of a sentence. */
  timedOut?: string;
}

interface Explanation {
  awsMessage?: string | undefined;
  counts?: object | undefined;
}

/**
 * Reads, decides, sleeps, until the resource has settled: the one wait of all flows.
 *
 * The deadline is judged only after a read that was made past it: workers may have been down for longer than the
 * resource took. Time in a queue has a deadline of its own, and does not count against what runs after it.
 *
 * @returns the read that settled it, and whether it was settled by another writer
 * @throws ApplicationFailure of the verdict's type, or `WaitTimedOut`
 */
export async function waitFor<Read>(
  flow: Flow,
  wait: Wait<Read>,
): Promise<{ read: Read; byAnother: boolean }> {
  const { step, polling } = wait;
  const { timeout, minimumInterval } = pacingOf(wait.kind, polling);
  const began = Date.now();
  let deadline = began + timeout;
  let queued = false;
  for (let reads = 1; ; reads++) {
    const summary = reads === 1 ? step : `${step} · ${reads}`;
    const read = await wait.read(summary, Math.max(deadline - Date.now(), flow.facts.readBudget));
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
      deadline = queued ? began + queuedTimeout(polling) : now + timeout;
    }
    if (now >= deadline) {
      throw flowFailure('WaitTimedOut', `still ${status} after ${waited / 1000} s${wait.timedOut ?? ''}`);
    }
    const pacing = pacingOf(wait.kind, polling, { hadEvent: flow.hadEvent });
    await flow.pause(step, Math.min(nextSleep(waited, pacing), deadline - now), minimumInterval);
  }
}
