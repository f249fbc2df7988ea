/** A fault of the calls of one operation, or of the events of one type, which happens once or several times. */
export type Fault =
  | {
      readonly kind: 'fail';
      readonly error: string;
      readonly message?: string;
      readonly status?: number;
      readonly retryAfterSeconds?: number;
    }
  | { readonly kind: 'drop'; readonly when: Moment }
  | { readonly kind: 'spoil'; readonly how: Spoiling }
  | { readonly kind: 'hold'; readonly when: Moment }
  | { readonly kind: 'delay'; readonly ms: number }
  | { readonly kind: 'rival'; readonly operation: string; readonly input: object; readonly settled: boolean }
  | { readonly kind: 'failOutcome'; readonly message: string }
  | { readonly kind: 'event'; readonly how: EventFault; readonly ms: number };

/** What may happen to an event on its way to the queue. */
export const EVENT_FAULTS = ['lose', 'delay', 'duplicate', 'reorder'] as const;

export type EventFault = (typeof EVENT_FAULTS)[number];

/** When a fault happens: before the call has changed anything, or after, when only the answer is missing. */
export type Moment = 'before' | 'after';

/** What is wrong with an answer of status 200: the body ends in its middle, or is a page of HTML, as from a proxy. */
export type Spoiling = 'cut' | 'garbled';

type Kind = Fault['kind'];
type FaultOf<K extends Kind> = Extract<Fault, { kind: K }>;

interface Rule {
  readonly operation: string;
  readonly fault: Fault;
  left: number;
}

/** The faults that have not happened yet. They are in memory only, so that a restarted server has none. */
export class Faults {
  #rules: Rule[] = [];
  #held = new Set<() => void>();
  #delayed = new Set<() => void>();

  add(operation: string, fault: Fault, count = 1): void {
    this.#rules.push({ operation, fault, left: count });
  }

  /** Returns the next fault of a kind for this operation, and counts it as happened. */
  take<K extends Kind>(
    kind: K,
    operation: string,
    suits: (fault: FaultOf<K>) => boolean = () => true,
  ): FaultOf<K> | undefined {
    const isKind = (fault: Fault): fault is FaultOf<K> => fault.kind === kind;
    for (const rule of this.#rules) {
      if (rule.operation !== operation || !isKind(rule.fault) || !suits(rule.fault)) continue;
      rule.left -= 1;
      this.#rules = this.#rules.filter(({ left }) => left > 0);
      return rule.fault;
    }
    return undefined;
  }

  /** Resolves when {@link release} is called. */
  held(): Promise<void> {
    return new Promise((resolve) => this.#held.add(resolve));
  }

  /** Resolves after `ms` milliseconds, or at once when {@link reset} is called. */
  delayed(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        this.#delayed.delete(end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      this.#delayed.add(end);
    });
  }

  release(): void {
    for (const resolve of this.#held) resolve();
    this.#held.clear();
  }

  reset(): void {
    this.#rules = [];
    this.release();
    for (const end of this.#delayed) end();
  }
}
