/** What has become of a message. */
export type Outcome =
  | 'signalled'
  /** Dropped: another message with the same event id was already dealt with. */
  | 'duplicate'
  /** Dropped: the event is of another service. */
  | 'foreign'
  /** Dropped: the event `Image Set Created`. An import sends thousands of them, and no flow waits for one. */
  | 'not awaited'
  /** Dropped: the job was not named by a run, and the namespace has no search attribute to find the run by. */
  | 'unsearchable'
  /** Dropped: a minute after the event there was no run for it. */
  | 'unknown run'
  /** Dropped: the run has ended. */
  | 'run closed'
  /** Dropped: the run has taken as many signals as Temporal allows (10,000). */
  | 'run full'
  /** Moved to the dead-letter queue, because it is no event of EventBridge. */
  | 'malformed'
  /** SQS delivers it again later, because a list of Temporal's runs does not show the run yet. */
  | 'later'
  /** SQS delivers it again later, because Temporal or AWS could not be asked. */
  | 'failed';

/** The share of ends that an event showed first, and how late they were seen, of the runs that were asked. */
interface Ends {
  readonly asked: number;
  readonly byEvent: number;
  /** From the time of the event until the run has read the end, in milliseconds. Absent if no run was asked. */
  readonly medianLagMs?: number;
}

export interface Report {
  readonly received: number;
  /** How many messages had each outcome. */
  readonly outcomes: Partial<Record<Outcome, number>>;
  readonly ends: Ends;
}

/** How many of the last lags the median is of. */
const LAGS = 1_000;

/** Counts what becomes of messages. */
export class Counters {
  #received = 0;
  readonly #outcomes = new Map<Outcome, number>();
  #asked = 0;
  #byEvent = 0;
  readonly #lags: number[] = [];

  receive(messages: number): void {
    this.#received += messages;
  }

  count(outcome: Outcome): void {
    this.#outcomes.set(outcome, (this.#outcomes.get(outcome) ?? 0) + 1);
  }

  /** @param lag - from the time of the event until the run has read the end, in milliseconds */
  end(by: 'event' | 'polling', lag: number): void {
    this.#asked += 1;
    if (by === 'event') this.#byEvent += 1;
    this.#lags.push(lag);
    if (this.#lags.length > LAGS) this.#lags.shift();
  }

  report(): Report {
    const lag = this.#lags.toSorted((a, b) => a - b)[Math.floor(this.#lags.length / 2)];
    return {
      received: this.#received,
      outcomes: Object.fromEntries(this.#outcomes),
      ends: { asked: this.#asked, byEvent: this.#byEvent, ...(lag !== undefined && { medianLagMs: lag }) },
    };
  }
}

/** A report as one line for a person. */
export function reportLine({ received, outcomes, ends }: Report): string {
  const counts = Object.entries(outcomes).map(([outcome, count]) => `${count} ${outcome}`);
  const { asked, byEvent, medianLagMs = 0 } = ends;
  const seen =
    asked > 0
      ? `; of ${asked} ends, an event showed ${byEvent} first, half of them within ${(medianLagMs / 1_000).toFixed(1)} s`
      : '';
  return `${received} received${counts.length > 0 ? `: ${counts.join(', ')}` : ''}${seen}`;
}
