import { readFileSync, statSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import type { Argv } from 'yargs';
import { isFlowInput } from '../client.ts';
import { documentName } from '../lib/document-name.ts';
import { describeProblems } from '../input-rules/flows.ts';
import { membersOf } from '../input-rules/members.ts';
import { WORKFLOW_NAMES, inputProblems, type WorkflowName } from '../input-rules/workflows.ts';
import { UserError } from '../lib/user-error.ts';
import { asFlags, asInput, membersFrom, parseJson, withFlags } from './flags.ts';
import { follow } from './follow.ts';
import { SUMMARIES } from './summaries.ts';
import { withSession } from './session.ts';
import { shellCommand } from './terminal.ts';
import { textOption } from './values.ts';

/** Flags that are ours, in yargs' own bookkeeping too; all others are members of the input. */
const OURS = new Set(['_', '$0', 'input', 'id', 'watch', 'json', 'flow', 'help', 'version']);

/** `start FLOW`: one command for each workflow, whose flags are made of the rules for its input. */
export function addStartCommands(cli: Argv<{ json: boolean | undefined }>) {
  for (const flow of WORKFLOW_NAMES) {
    const flags = (yargs: typeof cli) =>
      yargs.options({
        input: textOption('input', 'a JSON file that holds the input, - for stdin'),
        id: textOption('id', 'workflow id (default: made of the input, by WORKFLOW_ID_KEY)'),
        watch: { type: 'boolean', describe: 'stay, and show the steps until the run has ended' },
      });
    cli.command(
      [flow, documentName(flow)],
      SUMMARIES[flow],
      // What is no member is told by the rules, with the nearest name.
      (yargs) => withFlags(flags(yargs), flagMembersOf(flow), 'Input:').strict(false),
      (args) => start(flow, args),
    );
  }
  return cli.demandCommand(1, 'Which flow? The list is above.');
}

/** `--input` is the file for all of the input, also where the input has a member of that name (`recurringImport`). */
const flagMembersOf = (flow: WorkflowName) => membersOf(flow).filter(({ name }) => name !== 'input');

interface StartArgs {
  input: string | undefined;
  id: string | undefined;
  watch: boolean | undefined;
  json: boolean | undefined;
}

async function start(flow: WorkflowName, args: StartArgs & Record<string, unknown>): Promise<void> {
  const [, , stray] = (args['_'] as string[] | undefined) ?? [];
  if (stray !== undefined) throw new UserError(`"${stray}" belongs to no flag.`);
  const input = { ...(await readInput(args.input)), ...membersFrom(args, membersOf(flow), OURS) };
  if (!isFlowInput(flow, input)) {
    const found = inputProblems(flow, input);
    // Whoever writes a file thinks in members.
    const problems = args.input === undefined ? asFlags(found, membersOf(flow)) : found;
    throw new UserError(
      `${flow}: ${describeProblems(problems)}.\nWhat it takes: aws-health-workflows start ${flow} --help`,
    );
  }
  await withSession(args, async (session) => {
    const { flows, terminal, urlOf } = session;
    const run = await flows.start(flow, input, args.id === undefined ? {} : { workflowId: args.id });
    const { workflowId } = run;
    const url = urlOf(workflowId, run.firstExecutionRunId);
    const where = ['--task-queue', flows.taskQueue, '--workflow-id', workflowId];
    const what = ['--type', flow, '--input', JSON.stringify(input)];
    const command = shellCommand('temporal', 'workflow', 'start', ...where, ...what);
    terminal.say(
      run.joined ? `${workflowId} goes on already. Nothing was started.` : `Started ${workflowId}`,
    );
    if (url) terminal.say(`Web UI     ${url}`);
    terminal.say(`The same   ${command}`);
    if (args.watch) return follow(session, workflowId);
    terminal.say(`Go on with aws-health-workflows watch ${workflowId}`);
    const { joined } = run;
    terminal.record({ flow, workflowId, runId: run.firstExecutionRunId, joined, url, command });
  });
}

export async function readInput(file: string | undefined): Promise<Record<string, unknown>> {
  if (file === undefined) return {};
  if (file !== '-' && !isFile(file)) throw new UserError(`--input ${file}: there is no such file.`);
  const json = file === '-' ? await text(process.stdin) : readFileSync(file, 'utf8');
  return asInput(parseJson(json, `--input ${file}`), `--input ${file}`);
}

/** Some names are none that a file can have; to look for them throws. */
function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
