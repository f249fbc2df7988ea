import type { Behaviour } from './behaviour.ts';

const lifecycle = ['test/workflows/lifecycle'];

/** The intended behaviours of runs that receive EventBridge events, and of the consumer that sends them. */
export const EVENTS: readonly Behaviour[] = [
  {
    what: 'an event of another job in the same data store does not make a run read',
    file: 'src/workflows/run/aws-event.ts',
    code: 'if (isOther) return;',
    without: '',
    tests: lifecycle,
    named: 'does not read after an event',
  },
  {
    what: 'an event of an image set is not taken for one of the data store',
    file: 'src/workflows/run/aws-event.ts',
    code: 'if (own[event.thing] === undefined) this.#keep(event);',
    without: 'if (false) this.#keep(event);',
    tests: lifecycle,
    named: 'does not read after an event',
  },
  {
    what: 'the first event of the end makes a run read at once, whatever its minimum interval',
    file: 'src/workflows/run/aws-event.ts',
    code: 'this.urgent = true;',
    without: '',
    tests: lifecycle,
    named: 'reads at once after the first event',
  },
  {
    what: 'further events of the end wait for the minimum interval',
    file: 'src/workflows/run/aws-event.ts',
    code: 'if (this.#endedAt.has(thing)) return;',
    without: '',
    tests: lifecycle,
    named: 'at most once per minimum interval',
  },
  {
    what: 'an event that arrives before the run knows the id of its job is kept',
    file: 'src/workflows/run/flow.ts',
    code: 'this.#events.claim();',
    without: '',
    tests: lifecycle,
    named: 'arrived before the id of its job',
  },
  {
    what: 'of too many events of other jobs those are dropped first that only report progress',
    file: 'src/workflows/run/aws-event.ts',
    code: 'const least = this.#unclaimed.findIndex(({ isTerminal }) => !isTerminal);',
    without: 'const least = this.#unclaimed.length - 1;',
    tests: lifecycle,
    named: 'arrived before the id of its job',
  },
];
