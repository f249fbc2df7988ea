/** The commands that look at runs, and end them. */
import type { Argv } from 'yargs';
import { SHOWN_FAILURES, showFailures } from './failures.ts';
import { describeStep, follow, showEnd } from './follow.ts';
import { withSession, type Session } from './session.ts';
import { shellCommand } from './terminal.ts';
import { idPositional, limitOption, secondsOption } from './values.ts';

/** How many runs a table shows unless it is told otherwise. */
const SHOWN_RUNS = 50;

/** `watch`, `list`, `result`, `cancel`, `failures`. */
export function addRunCommands(cli: Argv<{ json: boolean | undefined }>) {
  const ofRun = (yargs: typeof cli) => yargs.positional('id', idPositional('workflow id of the run'));
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
          limit: limitOption(`how many, the newest first (default: ${SHOWN_RUNS}, with --json all)`),
        }),
      (args) => withSession(args, (session) => list(session, args)),
    )
    .command('result <id>', 'the result of a run, once it has ended', ofRun, (args) =>
      withSession(args, (session) => showResult(session, args.id)),
    )
    .command(
      'cancel <id>',
      'end the waiting of a run; what AWS is doing goes on',
      (yargs) =>
        ofRun(yargs).options({
          wait: secondsOption('wait', `how many seconds to wait for its end (default: ${CANCEL_WAIT})`),
        }),
      (args) => withSession(args, (session) => cancel(session, args.id, args.wait)),
    )
    .command(
      'failures <id>',
      'what an import has not imported, or imported with a warning: read from S3, kept nowhere',
      (yargs) =>
        ofRun(yargs).options({
          limit: limitOption(`how many to show (default: ${SHOWN_FAILURES}, with --json all)`),
        }),
      (args) => withSession(args, (session) => showFailures(session, args.id, args.limit)),
    );
}

async function list(
  { flows, terminal, urlOf }: Session,
  args: { all: boolean; limit: number | undefined },
): Promise<void> {
  const { all, limit = terminal.json ? Infinity : SHOWN_RUNS } = args;
  // One more tells whether there are more.
  const runs = await flows.list({ all, limit: limit + 1 });
  const lines = await Promise.all(
    runs.slice(0, limit).map(async (run) => {
      const progress = run.status === 'RUNNING' ? await flows.whereabouts(run.workflowId) : undefined;
      return { ...run, progress, url: urlOf(run.workflowId, run.runId) };
    }),
  );
  terminal.record(lines);
  if (lines.length === 0)
    return terminal.say(all ? 'No run yet.' : 'Nothing runs. With --all: what has run.');
  terminal.table(
    ['WORKFLOW ID', 'FLOW', 'STATUS', 'OUTCOME', 'STARTED', 'STEP'],
    lines.map(({ workflowId, flow, status, outcome, startTime, progress }) => [
      workflowId,
      flow,
      status,
      outcome ?? progress?.outcome ?? '',
      toSecond(startTime),
      progress ? describeStep(progress) : status === 'RUNNING' ? 'no worker answers' : '',
    ]),
  );
  if (runs.length > limit) {
    const more = `aws-health-workflows list${all ? ' --all' : ''} --limit all`;
    terminal.say(`\nThe newest ${limit} are shown, and there are more. All of them: ${more}`);
  }
}

/** ISO 8601 in UTC, which the Z says. */
const toSecond = (time: Date) => `${time.toISOString().slice(0, 19)}Z`;

async function showResult({ flows, terminal }: Session, workflowId: string): Promise<void> {
  const { status } = await flows.temporal.workflow.getHandle(workflowId).describe();
  if (status.name === 'RUNNING') terminal.note(`${workflowId} goes on; watch shows where it stands.`);
  await showEnd({ flows, terminal }, workflowId);
}

/** Long enough for a worker that lives to end a run, in seconds. */
const CANCEL_WAIT = 10;

/** Asks a run to end, and waits a while for that: where no worker lives it would not end before one does. */
async function cancel(session: Session, workflowId: string, wait = CANCEL_WAIT): Promise<void> {
  const { flows, terminal } = session;
  const handle = flows.temporal.workflow.getHandle(workflowId);
  const before = (await handle.describe()).status.name;
  if (before !== 'RUNNING') {
    terminal.record({ workflowId, status: before, cancelRequested: false });
    return terminal.say(`${workflowId} has ended already, as ${before}. Nothing was cancelled.`);
  }
  await flows.cancel(workflowId);
  terminal.say(`${workflowId} is asked to end; it does once a worker has seen it.`);
  // However it ends: it has ended.
  const result = () => flows.result(workflowId);
  await flows.temporal.withDeadline(Date.now() + wait * 1_000, result).catch(() => undefined);
  const { status, memo } = await handle.describe();
  terminal.record({ workflowId, status: status.name, cancelRequested: true, memo });
  if (status.name === 'RUNNING') {
    const watch = shellCommand('aws-health-workflows', 'watch', workflowId);
    terminal.say(
      `It goes on still. If no worker lives, start one (npm run worker). To see its end: ${watch}`,
    );
  } else {
    terminal.say(`${workflowId} has ended as ${status.name}.`);
    if (memo && Object.keys(memo).length > 0) terminal.say(`What is left: ${JSON.stringify(memo)}`);
  }
  terminal.say(`The same   ${shellCommand('temporal', 'workflow', 'cancel', '--workflow-id', workflowId)}`);
}
