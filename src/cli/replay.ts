/** `replay`: finds the runs that a deployment of the installed workflows would break. */
import type { Argv } from 'yargs';
import { WORKFLOW_NAMES } from '../input-rules/workflows.ts';
import { UserError } from '../lib/user-error.ts';
import { workflowCode } from '../worker/workflow-code.ts';
import type { ReplayedRun } from '../worker/replay.ts';
import type { Session } from './session.ts';
import { ourCommand } from './terminal.ts';
import { limitOption, textOption } from './values.ts';
import { withSession } from './with-session.ts';

/** The default of `--limit`. Replaying one history takes about 10 ms, in addition to its download. */
const REPLAYED_RUNS = 1_000;

const OPEN_RUNS = 'ExecutionStatus = "Running"';

export function addReplayCommand(cli: Argv<{ json: boolean | undefined }>) {
  return cli.command(
    'replay',
    'before a deployment, find the runs that the installed workflows would break',
    (yargs) =>
      yargs
        .options({
          query: textOption('query', 'a Temporal List Filter that selects the runs (default: all open runs)'),
          limit: limitOption(`how many runs to replay, newest first (default: ${REPLAYED_RUNS})`),
        })
        .epilogue(
          'Replay covers the events that each run has recorded so far, and only the workflow types of this package. ' +
            'The exit code is 1 if a run would break or cannot be read.',
        ),
    (args) => withSession(args, (session) => replay(session, args)),
  );
}

interface ReplayArgs {
  query: string | undefined;
  limit: number | undefined;
}

/** @throws UserError if a run would break or cannot be read, so that the exit code is 1 */
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

/** The numbers of runs that were not replayed. */
interface Left {
  /** Selected runs that are older than the newest `--limit`. */
  readonly beyondLimit: number;
  /** Runs on the task queue whose workflow types are not in this package. */
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
    const all = ourCommand('replay', ...chosen, '--limit', 'all');
    terminal.say(`Not replayed: ${countOf(left.beyondLimit, 'older ')}. To replay all: ${all}`);
  }
  if (left.otherTypes > 0) {
    terminal.say(
      `Not replayed: ${countOf(left.otherTypes)} on task queue ${flows.taskQueue} of workflow types that are not in this package.`,
    );
  }
}

/** Replays the runs, and shows on stderr how many are done. */
async function replayed(
  { flows, terminal }: Session,
  query: string,
  expected: number,
  limit: number,
): Promise<ReplayedRun[]> {
  // Imported only here, because loading the worker takes longer than most other commands run.
  const [{ DefaultLogger, Runtime }, { replayRuns }, { createSpinner }] = await Promise.all([
    import('@temporalio/worker'),
    import('../worker/replay.ts'),
    import('./spinner.ts'),
  ]);
  // This command reports failed replays itself. Without these options the worker would also log each with a stack trace.
  const runtime = Runtime.install({
    logger: new DefaultLogger('ERROR', () => undefined),
    telemetryOptions: { logging: { filter: 'off', forward: {} } },
    shutdownSignals: [],
  });
  const runs: ReplayedRun[] = [];
  const spinner = createSpinner(terminal);
  // If stderr is not a terminal, the spinner would print a new line for each run.
  if (process.stderr.isTTY) spinner.start('looking for runs');
  try {
    for await (const run of replayRuns(flows.temporal, query, workflowCode())) {
      runs.push(run);
      spinner.text = `${runs.length} of ${Math.max(expected, runs.length)} runs replayed`;
      if (runs.length === limit) break;
    }
  } finally {
    spinner.stop();
    // If no history was replayed, nothing else shuts the runtime down, and the process would not exit.
    await runtime.shutdown();
  }
  return runs;
}

const countOf = (count: number, kind = '') => `${count} ${kind}${count === 1 ? 'run' : 'runs'}`;

function verdictOn(broken: number, unreadable: number): string {
  const breaks =
    broken > 0 &&
    `${countOf(broken)} would break. Keep workers of the old version running until they have ended, or put the change behind patched().`;
  const unread =
    unreadable > 0 &&
    `${countOf(unreadable)} could not be replayed, because this command has no payload codec.`;
  return [breaks, unread].filter(Boolean).join(' ');
}
