import { defineQuery, setCurrentDetails, setHandler } from '@temporalio/workflow';

/** The answer of the query `progress`. */
export interface Progress {
  step: string;
  /** The last status of the resource that the run waits for. */
  status: string;
  /** By the service's own names: `datastoreId`, `jobId`, … */
  ids: Record<string, string>;
  /** How an import has ended. Temporal shows a partial import as `COMPLETED`, like a complete one. */
  outcome?: string;
  /** What the service counts while a job runs; of a fleet, its jobs. */
  counters?: Record<string, number>;
  /** Of the current wait, like `reads` and `nextReadAt`. */
  waitedSeconds: number;
  reads: number;
  nextReadAt?: string;
  /** Of a fleet: a progress bar, its rate and concurrency, and when its last job is expected to end (ISO 8601). */
  bar?: string;
  startsPerSecond?: number;
  concurrency?: number;
  expectedEndAt?: string;
  /** The last warning or error. */
  lastError?: string;
  /** The end of the last wait: what led to the read that showed it, and when (ISO 8601). */
  endSeen?: { by: 'event' | 'polling'; at: string };
}

export const progressQuery = defineQuery<Progress>('progress');

/** The progress of a run: the answer of the query `progress`, and the current details that the Web UI shows. */
export class ProgressBoard {
  readonly now: Progress = { step: 'checkInput', status: '', ids: {}, waitedSeconds: 0, reads: 0 };

  constructor() {
    setHandler(progressQuery, () => this.now, { description: 'Where the run stands.' });
    this.show({});
  }

  /** Begins a step. This clears the status of the step before, except for a call that the document does not have (`+`). */
  enter(step: string): void {
    const another = step !== this.now.step && !step.startsWith('+');
    const blank = { status: '', waitedSeconds: 0, reads: 0, counters: undefined, lastError: undefined };
    this.show({ step, ...(another && blank) });
  }

  /** Updates some members; `undefined` removes one. This adds no event to the history. */
  show(news: { [Member in keyof Progress]?: Progress[Member] | undefined }): void {
    Object.assign(this.now, news);
    setCurrentDetails(render(this.now));
  }
}

function render({ step, status, ids, outcome, counters, ...now }: Progress): string {
  const { waitedSeconds, reads, nextReadAt, lastError, bar, startsPerSecond, expectedEndAt } = now;
  const lines = [
    outcome && `${outcome === 'complete' ? '' : '⚠ '}**outcome: ${outcome}**\n`,
    `**${step}**${status && ` · ${status}`}`,
    bar && `\n${bar}\n`,
    ...Object.entries(ids).map(([name, id]) => `- ${name}: \`${id}\``),
    ...Object.entries(counters ?? {}).map(([name, count]) => `- ${name}: ${count}`),
    reads > 0 ? `- waited ${waitedSeconds} s, ${reads} ${reads === 1 ? 'read' : 'reads'}` : undefined,
    startsPerSecond !== undefined && `- ${startsPerSecond} starts a second`,
    expectedEndAt && `- end expected at ${expectedEndAt}`,
    nextReadAt && `- next read at ${nextReadAt}`,
    lastError && `- ⚠ ${lastError}`,
  ];
  return lines.filter(Boolean).join('\n');
}
