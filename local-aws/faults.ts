/** What can be made to go wrong, once or several times, for one operation. */
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
  | { readonly kind: 'failOutcome'; readonly message: string };

/** Before the call changes anything, or when it has, and only the answer is missing. */
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

/** The faults that are still to happen. In memory only: a restarted server is a healthy one. */
export class Faults {
  #rules: Rule[] = [];
  #held = new Set<() => void>();
  #delayed = new Set<() => void>();

  add(operation: string, fault: Fault, count = 1): void {
    this.#rules.push({ operation, fault, left: count });
  }

  /** Takes the next fault of a kind that waits for this operation. */
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

  /** Resolves after that time, or when all faults are over. */
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
