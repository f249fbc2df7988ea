/** The commands that look at runs, and end them. */
import { WorkflowFailedError } from '@temporalio/client';
import ora from 'ora';
import type { Argv } from 'yargs';
import type { FailedFile } from '../activities/report-lines.ts';
import { UserError } from '../user-error.ts';
import { readSettings } from '../worker-facts.ts';
import type { Progress } from '../workflows/shared/progress.ts';
import { failureIn, withSession, type Session } from './session.ts';
import { shellCommand } from './terminal.ts';

/** Shows a run until it has ended, and how it has: each step that is done as a line, the one that is on with its bar. */
export async function follow({ flows, terminal, urlOf }: Session, workflowId: string): Promise<void> {
  const url = urlOf(workflowId);
  if (url) terminal.say(url);
  const spinner = ora({ stream: process.stderr, isSilent: terminal.json });
  let last: Progress | undefined;
  spinner.start('waiting for a worker');
  for await (const progress of flows.watch(workflowId)) {
    terminal.record(progress);
    if (last && last.step !== progress.step) spinner.succeed(describeStep(last));
    last = progress;
    spinner.start(describeStep(progress));
  }
  try {
    const result = await flows.result(workflowId);
    if (last) spinner.succeed(describeStep(last));
    terminal.show(result);
  } catch (error) {
    if (last) spinner.fail(describeStep(last));
    throw error;
  }
}

function describeStep({ step, status, waitedSeconds, reads, counters, lastError }: Progress): string {
  return [
    step,
    status,
    bar(counters as Parameters<typeof bar>[0]),
    reads > 0 ? `${waitedSeconds} s, ${reads} ${reads === 1 ? 'read' : 'reads'}` : '',
    lastError && `⚠ ${lastError}`,
  ]
    .filter(Boolean)
    .join(' · ');
}

const BAR_WIDTH = 20;

/** How far a job is, where the service counts. */
function bar({ TotalNumberOfScannedFiles: all = 0, TotalNumberOfImportedFiles: imported = 0 } = {}): string {
  if (all === 0) return '';
  const full = Math.round(Math.min(1, imported / all) * BAR_WIDTH);
  return `${'█'.repeat(full)}${'░'.repeat(BAR_WIDTH - full)} ${imported} of ${all} files`;
}

/** `watch`, `list`, `result`, `cancel`, `failures`. */
export function addRunCommands(cli: Argv<{ json: boolean | undefined }>) {
  const ofRun = (yargs: typeof cli) =>
    yargs.positional('id', { type: 'string', demandOption: true, describe: 'workflow id of the run' });
  return cli
    .command('watch <id>', 'follow a run, step by step, until it has ended', ofRun, (args) =>
      withSession(args, (session) => follow(session, args.id)),
    )
    .command(
      'list',
      'what runs, and where each run stands',
      (yargs) =>
        yargs.options({
          all: { type: 'boolean', default: false, describe: 'those that have ended, too' },
          limit: { type: 'number', default: 50, describe: 'how many, the newest first' },
        }),
      (args) => withSession(args, (session) => list(session, args)),
    )
    .command('result <id>', 'the result of a run, once it has ended', ofRun, (args) =>
      withSession(args, (session) => showResult(session, args.id)),
    )
    .command('cancel <id>', 'end the waiting of a run; what AWS is doing goes on', ofRun, (args) =>
      withSession(args, (session) => cancel(session, args.id)),
    )
    .command(
      'failures <id>',
      'what an import has not imported, and why: read from S3, kept nowhere',
      (yargs) => ofRun(yargs).option('limit', { type: 'number', default: 100, describe: 'how many to show' }),
      (args) => withSession(args, (session) => showFailures(session, args.id, args.limit)),
    );
}

async function list(
  { flows, terminal, urlOf }: Session,
  { all, limit }: { all: boolean; limit: number },
): Promise<void> {
  const runs = await flows.list({ all, limit });
  const lines = await Promise.all(
    runs.map(async (run) => {
      const progress = run.status === 'RUNNING' ? await flows.whereabouts(run.workflowId) : undefined;
      return { ...run, progress, url: urlOf(run.workflowId, run.runId) };
    }),
  );
  terminal.record(lines);
  if (lines.length === 0)
    return terminal.say(all ? 'No run yet.' : 'Nothing runs. With --all: what has run.');
  terminal.table(
    ['WORKFLOW ID', 'FLOW', 'STATUS', 'STARTED', 'STEP'],
    lines.map(({ workflowId, flow, status, startTime, progress }) => [
      workflowId,
      flow,
      status,
      startTime.toISOString().slice(0, 19),
      progress ? describeStep(progress) : status === 'RUNNING' ? 'no worker answers' : '',
    ]),
  );
  if (runs.length === limit) terminal.say(`The newest ${limit}; there may be more: --limit`);
}

async function showResult({ flows, terminal }: Session, workflowId: string): Promise<void> {
  const { status } = await flows.temporal.workflow.getHandle(workflowId).describe();
  if (status.name === 'RUNNING') terminal.note(`${workflowId} goes on; watch shows where it stands.`);
  try {
    terminal.show(await flows.result(workflowId));
  } catch (error) {
    if (error instanceof WorkflowFailedError) terminal.record({ failure: failureIn(error) });
    throw error;
  }
}

async function cancel({ flows, terminal }: Session, workflowId: string): Promise<void> {
  await flows.cancel(workflowId);
  terminal.say(`${workflowId} is asked to end; it does once a worker has seen it.`);
  // However it ends: it has ended.
  await flows.result(workflowId).catch(() => undefined);
  const { status, memo } = await flows.temporal.workflow.getHandle(workflowId).describe();
  terminal.record({ workflowId, status: status.name, memo });
  terminal.say(`${workflowId} has ended as ${status.name}.`);
  if (memo && Object.keys(memo).length > 0) terminal.say(`What is left: ${JSON.stringify(memo)}`);
  terminal.say(`The same   ${shellCommand('temporal', 'workflow', 'cancel', '--workflow-id', workflowId)}`);
}

async function showFailures({ flows, terminal }: Session, workflowId: string, limit: number): Promise<void> {
  const { createAwsClients, describeEndpoints } = await import('../aws-clients.ts');
  const aws = createAwsClients(process.env, readSettings(process.env).run.startToClose);
  await describeEndpoints(aws, process.env);
  const failures = await flows.failures(workflowId, aws.s3);
  if (!failures) {
    throw new UserError(
      `${workflowId} has opened no manifest in S3: nothing tells what it has not imported.`,
    );
  }
  const found: FailedFile[] = [];
  for await (const failure of failures) {
    if (found.push(failure) >= limit) break;
  }
  terminal.record(found);
  if (found.length === 0) return terminal.say('Nothing is named as not imported.');
  terminal.table(
    ['FILE', 'LINE', 'REASON', 'MESSAGE'],
    found.map(({ file, line = '', reason, message }) => [file, String(line), reason, message]),
  );
}
