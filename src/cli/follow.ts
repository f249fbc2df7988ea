/** Shows a run until it ends: a line for each completed step, and a spinner with a progress bar for the current step. */
import { styleText } from 'node:util';
import { WorkflowFailedError } from '@temporalio/client';
import type { Ora } from 'ora';
import { isRecord } from '../lib/guards.ts';
import { describeStep } from './describe-step.ts';
import { describeFleet } from './fleet-words.ts';
import { describeImport } from './outcome-words.ts';
import type { Progress } from '../workflows/run/progress.ts';
import { failureIn, type Session } from './session.ts';
import { createSpinner } from './spinner.ts';
import { ourCommand } from './terminal.ts';

/** Follows a run until it ends, and shows its result. Ctrl-C stops following; the run continues. */
export async function follow({ flows, terminal, urlOf }: Session, workflowId: string): Promise<void> {
  // Throws if there is no such run, before anything else is printed.
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
    // A fleet goes from one step to the next and back all the time. Its bar shows how far it is.
    if (last && last.step !== progress.step && progress.bar === undefined) persist(spinner, last);
    last = progress;
    spinner.start(describeStep(progress));
  }
  const hasFailed = await flows.result(workflowId).then(
    () => false,
    () => true,
  );
  if (last) persist(spinner, last, hasFailed);
  spinner.stop();
  const result: unknown = hasFailed || terminal.json ? undefined : await flows.result(workflowId);
  const fleet = describeFleet(result);
  const summary = fleet ?? describeImport(result);
  if (summary === undefined) return showEnd({ flows, terminal }, workflowId);
  const command = (what: string, name: string) => `${what}: ${ourCommand(name, workflowId)}.`;
  const isPlan = isRecord(result) && result['outcome'] === 'planned';
  const commands = [
    fleet !== undefined && !isPlan && command('Job by job', 'report'),
    !isPlan && command('File by file', 'failures'),
    command('The whole result', 'result'),
  ];
  terminal.say(`${summary}\n${commands.filter(Boolean).join(' ')}`);
}

/**
 * Waits for the end of a run and shows its result. With `--json`, a failure is printed to stdout too.
 *
 * @throws WorkflowFailedError if the run failed; `withSession` makes a message of it
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
  // `styleText` uses colours only if the stream is a terminal and NO_COLOR is not set.
  const painted = styleText(colour, symbol, { stream: process.stderr });
  spinner.stopAndPersist({ symbol: painted, text: describeStep(step) });
}

/** Ends this process by SIGINT and not by `exit`: a shell then ends the loop that contains the command, and reports exit code 130. */
function endFollowing(spinner: Ora, workflowId: string): void {
  spinner.stop();
  const again = ourCommand('watch', workflowId);
  const end = ourCommand('cancel', workflowId);
  const text = `${workflowId} is still running. To follow it again: ${again}. To cancel it: ${end}.\n`;
  process.stderr.write(text, () => process.kill(process.pid, 'SIGINT'));
}
