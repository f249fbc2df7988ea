/** The commands that show runs, and cancel them. */
import type { Argv } from 'yargs';
import { describeStep } from './describe-step.ts';
import { SHOWN_FAILURES, showFailures } from './failures.ts';
import { SHOWN_ENTRIES, showRecord } from './record.ts';
import type { Session } from './session.ts';
import { ourCommand } from './terminal.ts';
import { idPositional, limitOption, secondsOption } from './values.ts';
import { temporalCommand } from '../temporal/temporal-command.ts';
import { noteIfRunning, withSession } from './with-session.ts';

/** The number of runs that a table shows if `--limit` is not given. */
const SHOWN_RUNS = 50;

/** `watch`, `list`, `result`, `cancel`, `failures`, `record`. */
export function addRunCommands(cli: Argv<{ json: boolean | undefined }>) {
  const ofRun = (yargs: typeof cli) => yargs.positional('id', idPositional('workflow id of the run'));
  return cli
    .command('watch <id>', 'follow a run, step by step, until it ends', ofRun, (args) =>
      withSession(args, async (session) => (await import('./follow.ts')).follow(session, args.id)),
    )
    .command(
      'list',
      'list the open runs and the current step of each',
      (yargs) =>
        yargs.options({
          all: { type: 'boolean', default: false, describe: 'list closed runs too' },
          limit: limitOption(`how many runs to list, newest first (default: ${SHOWN_RUNS}, with --json all)`),
        }),
      (args) => withSession(args, (session) => list(session, args)),
    )
    .command('result <id>', 'wait for the end of a run and print its result', ofRun, (args) =>
      withSession(args, (session) => showResult(session, args.id)),
    )
    .command(
      'cancel <id>',
      'cancel a run; jobs, copies and other work that AWS has already accepted continue in AWS',
      (yargs) =>
        ofRun(yargs).options({
          wait: secondsOption(
            'wait',
            `how many seconds to wait until the run has ended (default: ${CANCEL_WAIT})`,
          ),
        }),
      (args) => withSession(args, (session) => cancel(session, args.id, args.wait)),
    )
    .command(
      'failures <id>',
      'read from S3 which files an import did not import, or imported with a warning, and why',
      (yargs) =>
        ofRun(yargs).options({
          limit: limitOption(`how many files to show (default: ${SHOWN_FAILURES}, with --json all)`),
        }),
      (args) => withSession(args, (session) => showFailures(session, args.id, args.limit)),
    )
    .command(
      'record <id>',
      'show who started, steered or cancelled a run, and the ids of its requests to AWS, for CloudTrail',
      (yargs) =>
        ofRun(yargs).options({
          limit: limitOption(`how many entries to show (default: ${SHOWN_ENTRIES}, with --json all)`),
        }),
      (args) => withSession(args, (session) => showRecord(session, args.id, args.limit)),
    );
}

async function list(
  { flows, terminal, urlOf }: Session,
  args: { all: boolean; limit: number | undefined },
): Promise<void> {
  const { all, limit = terminal.json ? Infinity : SHOWN_RUNS } = args;
  // Ask for one more than is shown, to know whether there are more.
  const runs = await flows.list({ all, limit: limit + 1 });
  const lines = await Promise.all(
    runs.slice(0, limit).map(async (run) => {
      const progress = run.status === 'RUNNING' ? await flows.whereabouts(run.workflowId) : undefined;
      return { ...run, progress, url: urlOf(run.workflowId, run.runId) };
    }),
  );
  terminal.record(lines);
  if (lines.length === 0)
    return terminal.say(
      all ? 'There are no runs yet.' : 'There are no open runs. To list closed runs too: --all',
    );
  terminal.table(
    ['WORKFLOW ID', 'FLOW', 'STATUS', 'OUTCOME', 'STARTED', 'STEP'],
    lines.map(({ workflowId, flow, status, outcome, startTime, progress }) => [
      workflowId,
      flow,
      status,
      outcome ?? progress?.outcome ?? '',
      toSecond(startTime),
      progress ? describeStep(progress) : status === 'RUNNING' ? 'no worker has answered' : '',
    ]),
  );
  if (runs.length > limit) {
    const more = ourCommand('list', ...(all ? ['--all'] : []), '--limit', 'all');
    terminal.say(`\nOnly the newest ${limit} are shown. To list all: ${more}`);
  }
}

/** ISO 8601 in UTC, without milliseconds. */
const toSecond = (time: Date) => `${time.toISOString().slice(0, 19)}Z`;

async function showResult({ flows, terminal }: Session, workflowId: string): Promise<void> {
  await noteIfRunning({ flows, terminal }, workflowId);
  const { showEnd } = await import('./follow.ts');
  await showEnd({ flows, terminal }, workflowId);
}

/** The default of `--wait`, in seconds: enough for a running worker to process the cancellation. */
const CANCEL_WAIT = 10;

/** Requests cancellation, and waits a limited time until the run ends. If no worker is running, it cannot end until one starts. */
async function cancel(session: Session, workflowId: string, wait = CANCEL_WAIT): Promise<void> {
  const { flows, terminal } = session;
  const handle = flows.temporal.workflow.getHandle(workflowId);
  const before = (await handle.describe()).status.name;
  if (before !== 'RUNNING') {
    terminal.record({ workflowId, status: before, cancelRequested: false });
    return terminal.say(`${workflowId} has already ended as ${before}. Nothing was cancelled.`);
  }
  await flows.cancel(workflowId);
  terminal.say(
    `Cancellation of ${workflowId} is requested. The run ends when a worker has processed the request.`,
  );
  // The status of the run is read below, so neither its failure nor a time-out here matters.
  const result = () => flows.result(workflowId);
  await flows.temporal.withDeadline(Date.now() + wait * 1_000, result).catch(() => undefined);
  const { status, memo } = await handle.describe();
  terminal.record({ workflowId, status: status.name, cancelRequested: true, memo });
  if (status.name === 'RUNNING') {
    const watch = ourCommand('watch', workflowId);
    terminal.say(
      `It is still running. If no worker is running, start one (${ourCommand('worker')}). To wait for its end: ${watch}`,
    );
  } else {
    terminal.say(`${workflowId} has ended as ${status.name}.`);
    // Since when a fleet has held its folders is no longer of interest.
    const { fleetSince: _, ...left } = memo ?? {};
    if (Object.keys(left).length > 0) terminal.say(`Left in AWS: ${JSON.stringify(left)}`);
  }
  terminal.say(`The same   ${temporalCommand(['workflow', 'cancel', '--workflow-id', workflowId])}`);
}
