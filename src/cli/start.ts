import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import type { Argv } from 'yargs';
import { isFlowInput } from '../client/flow-types.ts';
import { documentName } from '../lib/document-name.ts';
import { isRecord } from '../lib/guards.ts';
import { describeProblems } from '../input-rules/flows.ts';
import { membersOf } from '../input-rules/members.ts';
import { WORKFLOW_NAMES, inputProblems, type WorkflowName } from '../input-rules/workflows.ts';
import { UserError } from '../lib/user-error.ts';
import { temporalCommand } from '../temporal/temporal-command.ts';
import { asFlags, asInput, membersFrom, parseJson, refuseStrayWords, withFlags } from './flags.ts';
import { SUMMARIES } from './summaries.ts';
import { ourCommand } from './terminal.ts';
import { textOption } from './values.ts';
import { withSession } from './with-session.ts';

/** The flags of the command itself, and the names that yargs adds; all others are members of the input. */
const OURS = new Set(['_', '$0', 'input', 'id', 'watch', 'json', 'flow', 'help', 'version']);

/** `start FLOW`: one command for each workflow type, with flags made from the rules of its input. */
export function addStartCommands(cli: Argv<{ json: boolean | undefined }>) {
  for (const flow of WORKFLOW_NAMES) {
    const flags = (yargs: typeof cli) =>
      yargs.options({
        input: textOption('input', 'a JSON file with the input, or - for stdin'),
        id: textOption('id', 'workflow id (default: a hash of the input; see WORKFLOW_ID_KEY)'),
        watch: { type: 'boolean', describe: 'follow the run, step by step, until it ends' },
      });
    cli.command(
      [flow, documentName(flow)],
      SUMMARIES[flow],
      // Not strict, because the input rules report unknown flags better: with the nearest name.
      (yargs) => withFlags(flags(yargs), flagMembersOf(flow), 'Input:').strict(false),
      (args) => start(flow, args),
    );
  }
  return cli.demandCommand(1, 'Name a flow of the list above.');
}

/** `--input` always names the file with the whole input, so the member `input` of `recurringImport` gets no flag. */
const flagMembersOf = (flow: WorkflowName) => membersOf(flow).filter(({ name }) => name !== 'input');

interface StartArgs {
  input: string | undefined;
  id: string | undefined;
  watch: boolean | undefined;
  json: boolean | undefined;
}

async function start(flow: WorkflowName, args: StartArgs & Record<string, unknown>): Promise<void> {
  refuseStrayWords(args, 2);
  const input = { ...(await readInput(args.input)), ...membersFrom(args, membersOf(flow), OURS) };
  if (!isFlowInput(flow, input)) {
    const found = inputProblems(flow, input);
    // With --input, problems name members as in the file; otherwise they name flags.
    const problems = args.input === undefined ? asFlags(found, membersOf(flow)) : found;
    throw new UserError(
      `${flow}: ${describeProblems(problems)}.\nTo list its flags: ${ourCommand('start', flow, '--help')}`,
    );
  }
  await withSession(args, async (session) => {
    const { flows, terminal, urlOf } = session;
    const run = await flows.start(flow, input, args.id === undefined ? {} : { workflowId: args.id });
    const { workflowId } = run;
    const url = urlOf(workflowId, run.firstExecutionRunId);
    const where = ['--task-queue', flows.taskQueue, '--workflow-id', workflowId];
    const what = ['--type', flow, '--input', JSON.stringify(input)];
    const command = temporalCommand(['workflow', 'start', ...where, ...what]);
    terminal.say(
      run.joined ? `${workflowId} is already running. Nothing was started.` : `Started ${workflowId}`,
    );
    if (url) terminal.say(`Web UI     ${url}`);
    terminal.say(`The same   ${command}`);
    if (args.watch) return (await import('./follow.ts')).follow(session, workflowId);
    terminal.say(`Follow it  ${ourCommand('watch', workflowId)}`);
    const { joined } = run;
    terminal.record({ flow, workflowId, runId: run.firstExecutionRunId, joined, url, command });
  });
}

/**
 * Reads the JSON object of `--input`.
 *
 * @param file - a path, `-` for stdin, or undefined for an empty input
 * @throws UserError if the file cannot be read, or does not hold a JSON object
 */
export async function readInput(file: string | undefined): Promise<Record<string, unknown>> {
  if (file === undefined) return {};
  const json = file === '-' ? await text(process.stdin) : readText(file);
  return asInput(parseJson(json, `--input ${file}`), `--input ${file}`);
}

/** Does not ask first whether there is such a regular file: `--input <(jq …)` is a pipe, and can be read too. */
function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    // Users of `temporal workflow start`, whose --input is JSON, make this mistake. The JSON is not repeated, because it may name a patient.
    if (/^\s*[{[]/.test(file))
      throw new UserError(
        '--input takes the path of a JSON file, or - for standard input, and not the JSON itself.',
      );
    throw new UserError(`--input ${file}: ${unreadable(isRecord(error) ? error['code'] : undefined)}.`);
  }
}

function unreadable(code: unknown): string {
  if (code === 'EISDIR') return 'this is a folder';
  if (code === 'EACCES' || code === 'EPERM') return 'you may not read this file';
  // Other codes are those of names that no file can have, such as ENAMETOOLONG.
  return 'there is no such file';
}
