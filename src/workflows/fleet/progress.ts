import type { Flow } from '../run/flow.ts';
import { inService, rateAt, waiting, type FleetState } from './state.ts';

const BAR_WIDTH = 20;

/** The sums of a fleet: how many jobs have ended, by their outcome. */
interface CountedJobs {
  readonly imports: Readonly<Record<string, number>>;
}

/**
 * Shows how far a fleet is: in the query `progress`, and as a bar in the Web UI.
 *
 * @returns a function to call after each change of the state
 */
export function fleetDisplay(flow: Flow, state: FleetState<CountedJobs>): () => void {
  const pace = new MeasuredPace();
  return () => {
    const now = Date.now();
    const ended = Object.values(state.sums.imports).reduce((sum, count) => sum + count, 0);
    const { planned, paused, left, staging } = state;
    const perSecond = rateAt(state, now, flow.facts.rules.fleet);
    pace.see(state, ended, now);
    flow.board.show({
      status: paused !== undefined ? 'paused' : left !== undefined ? 'cancelling' : 'running',
      counters: {
        planned: planned.jobs,
        waiting: waiting(state),
        ...(staging.length > 0 && { copying: staging.length }),
        running: inService(state),
        ended,
        ...state.sums.imports,
      },
      bar: `${bar(ended, planned.jobs)} ${ended} of ${planned.jobs} jobs`,
      startsPerSecond: Math.round(perSecond * 1_000) / 1_000,
      concurrency: state.pace.concurrency,
      expectedEndAt: pace.endOf(state, ended, now, perSecond),
      lastError: paused,
    });
  };
}

/** How fast jobs end, from which follows when the last one will have ended. */
class MeasuredPace {
  #since: { readonly ended: number; readonly at: number } | undefined;

  /** Measures from the end of the first job on, which goes alone, and anew after a pause. */
  see({ paused, proven }: FleetState<unknown>, ended: number, now: number): void {
    if (paused !== undefined || !proven) this.#since = undefined;
    else this.#since ??= { ended, at: now };
  }

  /**
   * Before a job has ended, the time of the last start is the best that is known.
   *
   * @param perSecond - how many jobs are started in a second
   * @returns ISO 8601; undefined while the fleet is paused or if nothing is left to do
   */
  endOf(state: FleetState<unknown>, ended: number, now: number, perSecond: number): string | undefined {
    const toStart = waiting(state);
    const toEnd = toStart + inService(state);
    if (state.paused !== undefined || toEnd === 0) return undefined;
    const measured = this.#since ? ended - this.#since.ended : 0;
    const lastStart = Math.max(state.nextStart, now) + (toStart * 1_000) / perSecond;
    const lastEnd = this.#since && measured > 0 ? now + (toEnd * (now - this.#since.at)) / measured : 0;
    return new Date(Math.max(lastStart, lastEnd)).toISOString();
  }
}

function bar(done: number, all: number): string {
  const full = all === 0 ? BAR_WIDTH : Math.round(Math.min(1, done / all) * BAR_WIDTH);
  return `${'█'.repeat(full)}${'░'.repeat(BAR_WIDTH - full)}`;
}
