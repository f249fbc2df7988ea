/** `replay`: which runs a deployment of the installed workflows would break. */
import type { Argv } from 'yargs';
import { WORKFLOW_NAMES } from '../input-rules/workflows.ts';
import { UserError } from '../lib/user-error.ts';
import { workflowCode } from '../worker/workflow-code.ts';
import type { ReplayedRun } from '../worker/replay.ts';
import { withSession, type Session } from './session.ts';
import { createSpinner } from './spinner.ts';
import { shellCommand } from './terminal.ts';
import { limitOption, textOption } from './values.ts';

/** How many runs are replayed unless it is told otherwise. A history takes some 10 ms, and its download. */
const REPLAYED_RUNS = 1_000;

const OPEN_RUNS = 'ExecutionStatus = "Running"';

export function addReplayCommand(cli: Argv<{ json: boolean | undefined }>) {
  return cli.command(
    'replay',
    'before a deployment: which runs the installed workflows would break',
    (yargs) =>
      yargs
        .options({
          query: textOption(
            'query',
            'a List Filter of Temporal that chooses the runs (default: the open ones)',
          ),
          limit: limitOption(`how many, the newest first (default: ${REPLAYED_RUNS})`),
        })
        .epilogue(
          'It covers what each run has recorded so far, with the workflows of this package alone. ' +
            'The exit code is 1 if a run would break or cannot be read.',
        ),
    (args) => withSession(args, (session) => replay(session, args)),
  );
}

interface ReplayArgs {
  query: string | undefined;
  limit: number | undefined;
}

/** @throws UserError when a run would break, or cannot be read: the exit code tells a script */
async function replay(session: Session, { query, limit = REPLAYED_RUNS }: ReplayArgs): Promise<void> {
  const { workflow } = session.flows.temporal;
  const types = `(${WORKFLOW_NAMES.map((name) => `"${name}"`).join(', ')})`;
  const chosen = `(${query ?? OPEN_RUNS})`;
  const ours = `${chosen} AND WorkflowType IN ${types}`;
  const taskQueue = JSON.stringify(session.flows.taskQueue);
  const { count } = await workflow.count(ours);
  const others = await workflow.count(
    `${chosen} AND WorkflowType NOT IN ${types} AND TaskQueue = ${taskQueue}`,
  );
  const runs = await replayed(session, ours, Math.min(count, limit), limit);
  const left = { beyondLimit: Math.max(0, count - limit), otherTypes: others.count };
  show(session, runs, left, query);
  const withProblem = (kind: string) => runs.filter(({ problem }) => problem?.kind === kind).length;
  const [broken, unreadable] = [withProblem('breaks'), withProblem('unreadable')];
  if (broken + unreadable > 0) throw new UserError(verdictOn(broken, unreadable));
}

/** What was not replayed. */
interface Left {
  /** Older than those that the limit lets be replayed. */
  readonly beyondLimit: number;
  /** On our task queue, of workflow types that this package does not have. */
  readonly otherTypes: number;
}

function show(
  { flows, terminal }: Session,
  runs: readonly ReplayedRun[],
  left: Left,
  query: string | undefined,
): void {
  const problems = (wanted: string) =>
    runs.flatMap(({ problem, ...run }) =>
      problem?.kind === wanted ? [{ ...run, reason: problem.reason }] : [],
    );
  const [broken, unreadable] = [problems('breaks'), problems('unreadable')];
  terminal.record({
    replayed: runs.length - unreadable.length,
    broken,
    unreadable,
    notReplayed: left,
  });
  const rows = [...broken, ...unreadable].map(({ workflowId, runId, flow, reason }) => [
    workflowId,
    runId,
    flow,
    reason,
  ]);
  if (rows.length > 0) terminal.table(['WORKFLOW ID', 'RUN ID', 'FLOW', 'WHY'], rows);
  terminal.say(`${runs.length - rows.length} of ${runs.length} runs replay.`);
  if (left.beyondLimit > 0) {
    const chosen = query === undefined ? [] : ['--query', query];
    const all = shellCommand('aws-health-workflows', 'replay', ...chosen, '--limit', 'all');
    terminal.say(`Not replayed: ${left.beyondLimit} older ones. All of them: ${all}`);
  }
  if (left.otherTypes > 0) {
    terminal.say(
      `Not replayed: ${left.otherTypes} on task queue ${flows.taskQueue} of workflow types that this package does not have.`,
    );
  }
}

/** Replays with a counter on stderr. */
async function replayed(
  { flows, terminal }: Session,
  query: string,
  expected: number,
  limit: number,
): Promise<ReplayedRun[]> {
  // Loaded when it is needed: the worker takes longer than most commands.
  const [{ DefaultLogger, Runtime }, { replayRuns }] = await Promise.all([
    import('@temporalio/worker'),
    import('../worker/replay.ts'),
  ]);
  // A failed replay is an answer here; the worker would log it, with a stack trace.
  const runtime = Runtime.install({
    logger: new DefaultLogger('ERROR', () => undefined),
    telemetryOptions: { logging: { filter: 'off', forward: {} } },
    shutdownSignals: [],
  });
  const runs: ReplayedRun[] = [];
  const spinner = createSpinner(terminal);
  // In a pipe or a log there would be a line for each text.
  if (process.stderr.isTTY) spinner.start('looking for runs');
  try {
    for await (const run of replayRuns(flows.temporal, query, workflowCode())) {
      runs.push(run);
      spinner.text = `${runs.length} of ${Math.max(expected, runs.length)} runs replayed`;
      if (runs.length === limit) break;
    }
  } finally {
    spinner.stop();
    // Where no history was replayed, nothing else ends it, and it would keep the process alive.
    await runtime.shutdown();
  }
  return runs;
}

function verdictOn(broken: number, unreadable: number): string {
  const breaks =
    broken > 0 &&
    `${broken} ${broken === 1 ? 'run' : 'runs'} would break. Keep workers of the old version until they have ended, or put the change behind patched().`;
  const unread =
    unreadable > 0 &&
    `${unreadable} ${unreadable === 1 ? 'run' : 'runs'} could not be replayed, as this command has no payload codec.`;
  return [breaks, unread].filter(Boolean).join(' ');
}
