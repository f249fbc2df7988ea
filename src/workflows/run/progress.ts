import { defineQuery, setCurrentDetails, setHandler } from '@temporalio/workflow';

/** What the query `progress` answers. */
export interface Progress {
  step: string;
  /** What AWS said last of the thing that is awaited. */
  status: string;
  /** By the service's own names: `datastoreId`, `jobId`, … */
  ids: Record<string, string>;
  /** How an import has ended. To Temporal a partial import is `COMPLETED`. */
  outcome?: string;
  /** What the service counts while a job runs. */
  counters?: Record<string, number>;
  /** Of the wait that is on now. */
  waitedSeconds: number;
  reads: number;
  nextReadAt?: string;
  /** A warning, or the last thing that went wrong. */
  lastError?: string;
}

export const progressQuery = defineQuery<Progress>('progress');

/** Where a run stands: answers the query `progress`, and shows the same in the Web UI as the run's current details. */
export class ProgressBoard {
  readonly now: Progress = { step: 'checkInput', status: '', ids: {}, waitedSeconds: 0, reads: 0 };

  constructor() {
    setHandler(progressQuery, () => this.now, { description: 'Where the run stands.' });
    this.show({});
  }

  /** Begins a step. What was said of the one before does not hold of it, unless it is only a call on the side (`+`). */
  enter(step: string): void {
    const another = step !== this.now.step && !step.startsWith('+');
    const blank = { status: '', waitedSeconds: 0, reads: 0, counters: undefined, lastError: undefined };
    this.show({ step, ...(another && blank) });
  }

  /** Takes over what is new; `undefined` removes a member. No history event comes of it. */
  show(news: { [Member in keyof Progress]?: Progress[Member] | undefined }): void {
    Object.assign(this.now, news);
    setCurrentDetails(render(this.now));
  }
}

function render({
  step,
  status,
  ids,
  outcome,
  counters,
  waitedSeconds,
  reads,
  nextReadAt,
  lastError,
}: Progress): string {
  const lines = [
    outcome && `${outcome === 'complete' ? '' : '⚠ '}**outcome: ${outcome}**\n`,
    `**${step}**${status && ` · ${status}`}`,
    ...Object.entries(ids).map(([name, id]) => `- ${name}: \`${id}\``),
    ...Object.entries(counters ?? {}).map(([name, count]) => `- ${name}: ${count}`),
    reads > 0 ? `- waited ${waitedSeconds} s, ${reads} ${reads === 1 ? 'read' : 'reads'}` : undefined,
    nextReadAt && `- next read at ${nextReadAt}`,
    lastError && `- ⚠ ${lastError}`,
  ];
  return lines.filter(Boolean).join('\n');
}
