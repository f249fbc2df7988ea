import type { Progress } from '../workflows/run/progress.ts';
import { escapeControls } from './terminal.ts';

/** One line for a step: its id, the status from AWS, the progress of the job, the time waited, and the last error. */
export function describeStep({
  step,
  status,
  waitedSeconds,
  reads,
  counters,
  bar: fleetBar,
  expectedEndAt,
  lastError,
}: Progress): string {
  const parts = [
    step,
    status,
    fleetBar ?? bar(counters),
    reads > 0 ? `${waitedSeconds} s, ${reads} ${reads === 1 ? 'read' : 'reads'}` : '',
    expectedEndAt && `end expected at ${expectedEndAt.slice(0, 16)}Z`,
    lastError && `⚠ ${lastError}`,
  ];
  return escapeControls(parts.filter(Boolean).join(' · '));
}

const BAR_WIDTH = 20;

/** The progress bar of a job; empty if the service reports no counters. */
function bar({ TotalNumberOfScannedFiles: all = 0, TotalNumberOfImportedFiles: imported = 0 } = {}): string {
  if (all === 0) return '';
  const full = Math.round(Math.min(1, imported / all) * BAR_WIDTH);
  return `${'█'.repeat(full)}${'░'.repeat(BAR_WIDTH - full)} ${imported} of ${all} files`;
}
