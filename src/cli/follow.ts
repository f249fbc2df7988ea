/** Shows a run until it has ended: each step that is done as a line, the one that is on with its bar. */
import { styleText } from 'node:util';
import { WorkflowFailedError } from '@temporalio/client';
import type { Ora } from 'ora';
import { describeImport } from './outcome-words.ts';
import type { Progress } from '../workflows/run/progress.ts';
import { failureIn, type Session } from './session.ts';
import { createSpinner } from './spinner.ts';
import { escapeControls, shellCommand } from './terminal.ts';

/** Follows a run, and shows how it has ended. Ctrl-C ends the following, not the run. */
export async function follow({ flows, terminal, urlOf }: Session, workflowId: string): Promise<void> {
  // Of a run that is not there nothing is shown but that.
  await flows.temporal.workflow.getHandle(workflowId).describe();
  const url = urlOf(workflowId);
  if (url) terminal.say(url);
  const spinner = createSpinner(terminal);
  const interrupted = () => endFollowing(spinner, workflowId);
  process.once('SIGINT', interrupted);
  try {
    await showSteps({ flows, terminal, urlOf }, spinner, workflowId);
  } finally {
    process.off('SIGINT', interrupted);
  }
}

async function showSteps({ flows, terminal }: Session, spinner: Ora, workflowId: string): Promise<void> {
  let last: Progress | undefined;
  spinner.start('waiting for a worker');
  for await (const progress of flows.watch(workflowId)) {
    terminal.record(progress);
    if (last && last.step !== progress.step) persist(spinner, last);
    last = progress;
    spinner.start(describeStep(progress));
  }
  const hasFailed = await flows.result(workflowId).then(
    () => false,
    () => true,
  );
  if (last) persist(spinner, last, hasFailed);
  spinner.stop();
  const summary = hasFailed || terminal.json ? undefined : describeImport(await flows.result(workflowId));
  if (summary === undefined) return showEnd({ flows, terminal }, workflowId);
  const command = (name: string) => shellCommand('aws-health-workflows', name, workflowId);
  terminal.say(
    `${escapeControls(summary)}\nFile by file: ${command('failures')}. The whole result: ${command('result')}.`,
  );
}

/**
 * How a run has ended, once it has: its result, or for a program its failure.
 *
 * @throws WorkflowFailedError for a person to read
 */
export async function showEnd({ flows, terminal }: Pick<Session, 'flows' | 'terminal'>, workflowId: string) {
  try {
    terminal.show(await flows.result(workflowId));
  } catch (error) {
    if (error instanceof WorkflowFailedError) terminal.record({ failure: failureIn(error) });
    throw error;
  }
}

/** A job that failed or completed with errors must not get a green check mark just because the run moves on to its next step. */
function persist(spinner: Ora, step: Progress, hasFailed = /FAILED|CANCEL/.test(step.status)): void {
  const isPartial = /ERRORS/.test(step.status) || (step.outcome ?? 'complete') !== 'complete';
  const [colour, symbol] = hasFailed
    ? (['red', '✖'] as const)
    : isPartial
      ? (['yellow', '⚠'] as const)
      : (['green', '✔'] as const);
  // `styleText` colours where the stream is a terminal and nobody has set NO_COLOR.
  const painted = styleText(colour, symbol, { stream: process.stderr });
  spinner.stopAndPersist({ symbol: painted, text: describeStep(step) });
}

/** Ends this process by SIGINT, so that a shell's loop around it ends too; the exit code is 130 there. */
function endFollowing(spinner: Ora, workflowId: string): void {
  spinner.stop();
  const again = shellCommand('aws-health-workflows', 'watch', workflowId);
  const end = shellCommand('aws-health-workflows', 'cancel', workflowId);
  const text = `${workflowId} goes on. To follow it again: ${again}. To end it: ${end}.\n`;
  process.stderr.write(text, () => process.kill(process.pid, 'SIGINT'));
}

/** One line: the step, the status that AWS gives, and how long it takes. */
export function describeStep({ step, status, waitedSeconds, reads, counters, lastError }: Progress): string {
  const parts = [
    step,
    status,
    bar(counters),
    reads > 0 ? `${waitedSeconds} s, ${reads} ${reads === 1 ? 'read' : 'reads'}` : '',
    lastError && `⚠ ${lastError}`,
  ];
  return escapeControls(parts.filter(Boolean).join(' · '));
}

const BAR_WIDTH = 20;

/** How far a job is, where the service counts. */
function bar({ TotalNumberOfScannedFiles: all = 0, TotalNumberOfImportedFiles: imported = 0 } = {}): string {
  if (all === 0) return '';
  const full = Math.round(Math.min(1, imported / all) * BAR_WIDTH);
  return `${'█'.repeat(full)}${'░'.repeat(BAR_WIDTH - full)} ${imported} of ${all} files`;
}
