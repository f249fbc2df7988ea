import type { Flow } from '../run/flow.ts';
import { inService, rateAt, waiting, type FleetState } from './state.ts';

const BAR_WIDTH = 20;

/** Shows how far a fleet is: in the query `progress`, and as a bar in the Web UI. */
export function showFleet<Sums>(
  flow: Flow,
  state: FleetState<Sums>,
  outcomes: Readonly<Record<string, number>>,
): void {
  const toStart = waiting(state);
  const running = inService(state);
  const ended = Object.values(outcomes).reduce((sum, count) => sum + count, 0);
  const perSecond = rateAt(state, Date.now(), flow.facts.rules.fleet);
  const { planned, paused, left, pace } = state;
  flow.board.show({
    status: paused !== undefined ? 'paused' : left !== undefined ? 'cancelling' : 'running',
    counters: { planned: planned.jobs, waiting: toStart, running, ended, ...outcomes },
    bar: `${bar(ended, planned.jobs)} ${ended} of ${planned.jobs} jobs`,
    startsPerSecond: Math.round(perSecond * 1_000) / 1_000,
    concurrency: pace.concurrency,
    ...(toStart > 0 && paused === undefined
      ? { lastStartAt: new Date(state.nextStart + (toStart * 1_000) / perSecond).toISOString() }
      : { lastStartAt: undefined }),
    lastError: paused,
  });
}

function bar(done: number, all: number): string {
  const full = all === 0 ? BAR_WIDTH : Math.round(Math.min(1, done / all) * BAR_WIDTH);
  return `${'█'.repeat(full)}${'░'.repeat(BAR_WIDTH - full)}`;
}
