/** `schedule ensure FLOW ID`. */
import type { Argv } from 'yargs';
import { documentName } from '../lib/document-name.ts';
import { describeProblems } from '../input-rules/flows.ts';
import { membersOf, scheduleMembers } from '../input-rules/members.ts';
import { RECURRING_FLOWS, scheduleProblems, type RecurringFlow } from '../input-rules/recurring-import.ts';
import { WORKFLOW_NAMES } from '../input-rules/workflows.ts';
import { UserError } from '../lib/user-error.ts';
import { temporalCommand } from '../temporal/temporal-command.ts';
import { asFlags, membersFrom, refuseStrayWords, withFlags } from './flags.ts';
import { readInput } from './start.ts';
import { SUMMARIES } from './summaries.ts';
import { ourCommand } from './terminal.ts';
import { idPositional, textOption } from './values.ts';
import { withSession } from './with-session.ts';

type Cli = Argv<{ json: boolean | undefined }>;

/** The flags of the schedule itself; all others are members of the flow's input. */
const SCHEDULE_MEMBERS = scheduleMembers();
const OURS = ['_', '$0', 'id', 'input', 'json', 'help', 'version'];

/** `schedule ensure FLOW ID`: flags for the schedule, and for the flow's input. */
export function addEnsureCommands(cli: Cli) {
  const withId = (yargs: Cli) =>
    yargs
      .positional('id', idPositional('the id of the schedule'))
      .options({ input: textOption('input', "a JSON file that holds the flow's input, - for stdin") });
  for (const flow of RECURRING_FLOWS) {
    cli.command(
      `${flow} <id>`,
      SUMMARIES[flow],
      (yargs) => {
        const timed = withFlags(withId(yargs), SCHEDULE_MEMBERS, 'When and how:');
        return withFlags(timed, membersOf(flow), 'Input, with {yyyy} {MM} {dd} {HH} {mm}:').strict(false);
      },
      (args) => ensure(flow, args),
    );
  }
  for (const flow of WORKFLOW_NAMES.filter((name) => !RECURRING_FLOWS.some((flow) => flow === name))) {
    // Hidden commands, so that a flow that is not an import gets an error message that says so.
    cli.command(
      [`${flow} [id]`, documentName(flow)],
      false,
      (yargs) => yargs.strict(false),
      () => {
        throw new UserError(`${flow} is not an import. Flows that can recur: ${RECURRING_FLOWS.join(', ')}.`);
      },
    );
  }
  return cli.demandCommand(1, 'Name a flow of the list above.');
}

async function ensure(
  flow: RecurringFlow,
  args: { id: string; input: string | undefined; json: boolean | undefined } & Record<string, unknown>,
): Promise<void> {
  refuseStrayWords(args, 3);
  const members = membersOf(flow);
  const flags = membersFrom(args, [...SCHEDULE_MEMBERS, ...members], new Set(OURS));
  const names = new Set(SCHEDULE_MEMBERS.map(({ name }) => name));
  const [timing, inputs] = [true, false].map((isTiming) =>
    Object.fromEntries(Object.entries(flags).filter(([name]) => names.has(name) === isTiming)),
  );
  const wanted = { flow, ...timing, input: { ...(await readInput(args.input)), ...inputs } };
  const { isRecurringImport } = await import('../schedules/recurring-import.ts');
  if (!isRecurringImport(wanted)) {
    const problems = asFlags(scheduleProblems(wanted), [...SCHEDULE_MEMBERS, ...members]);
    const help = `To list its flags: ${ourCommand('schedule', 'ensure', flow, '--help')}`;
    throw new UserError(`${describeProblems(problems)}.\n${help}`);
  }
  await withSession(args, async ({ flows, terminal }) => {
    const ensured = await flows.schedules.ensure(args.id, wanted);
    const { next } = await flows.schedules.describe(args.id);
    terminal.record({ scheduleId: args.id, ...ensured, next });
    const what = ensured.changed.length > 0 ? ` (${ensured.changed.join(', ')})` : '';
    terminal.say(`${args.id} is ${ensured.outcome}${what}.`);
    if (next[0]) terminal.say(`Next       ${next[0].toISOString()}`);
    terminal.say(`Look at it ${temporalCommand(['schedule', 'describe', '--schedule-id', args.id])}`);
  });
}
