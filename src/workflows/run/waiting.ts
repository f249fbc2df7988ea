import { nextSleep, type WaitKind } from '../../pacing/pacing.ts';
import { queuedTimeout, type Polling } from '../../pacing/polling.ts';
import type { Verdict } from './verdict.ts';
import { flowFailure, originOf } from './failures.ts';
import type { Flow } from './flow.ts';
import { Lapses } from './lapses.ts';

/** One wait of a flow: what is read, and what a read means. */
export interface Wait<Read> {
  step: string;
  kind: WaitKind;
  polling: Polling | undefined;
  /** Whether this run has just created or changed the resource: AWS may answer `ResourceNotFoundException` for a moment. */
  ours?: boolean;
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
 * A read that is refused is made again where {@link Lapses} excuses it.
 *
 * The input rules hold the waits that a run makes once to {@link MOST_READS} reads. Waits can be repeated (a change that
 * another writer got ahead of is prepared again, a lost reply is looked for), and events can ask for reads of their own. So
 * the run counts its reads as well: beyond `MOST_READS` a wait reads once more, at its deadline.
 *
 * @returns the read that settled it, and whether it was settled by another writer
 * @throws ApplicationFailure of the verdict's type, or `WaitTimedOut`
 * @throws ActivityFailure of a read that was refused
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
      flow.warn(`${step}: ${originOf(failure)?.type}, which may pass; reading again`);
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
    const next = nextSleep(waited, flow.pacing(wait.kind, polling));
    await pause(Math.min(next, deadline - now), deadline - now);
  }
}
