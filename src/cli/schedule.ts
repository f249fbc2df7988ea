/** `schedule …`: recurring imports. */
import type { Argv } from 'yargs';
import { describeProblems } from '../input-rules/flows.ts';
import { membersOf, scheduleMembers } from '../input-rules/members.ts';
import { RECURRING_FLOWS, scheduleProblems, type RecurringFlow } from '../input-rules/recurring-import.ts';
import type { ScheduleStatus } from '../schedules.ts';
import { UserError } from '../user-error.ts';
import { asFlags, membersFrom, withFlags } from './flags.ts';
import { withSession, type Session } from './session.ts';
import { readInput } from './start.ts';
import { SUMMARIES } from './summaries.ts';
import { shellCommand } from './terminal.ts';

type Cli = Argv<{ json: boolean | undefined }>;

const ofSchedule = (yargs: Cli) =>
  yargs.positional('id', { type: 'string', demandOption: true, describe: 'the id of the schedule' });

const reason = ({ note }: { note: string | undefined }) => (note === undefined ? [] : ['--reason', note]);

/** `schedule ensure`, `list`, `describe`, `pause`, `resume`, `trigger`, `backfill`, `delete`. */
export function addScheduleCommands(cli: Cli) {
  const withNote = (yargs: Cli) => ofSchedule(yargs).option('note', { type: 'string', describe: 'why' });
  return cli
    .command(
      'ensure',
      'have a recurring import be as it is said here: create it, or change it',
      addEnsureCommands,
    )
    .command(
      'list',
      'the recurring imports, and when each fires next',
      (yargs) => yargs,
      (args) => withSession(args, list),
    )
    .command('describe <id>', 'a recurring import, its last firings and its next', ofSchedule, (args) =>
      withSession(args, (session) => describe(session, args.id)),
    )
    .command('pause <id>', 'no firing until it is resumed', withNote, (args) =>
      change(args, ['toggle', '--pause', ...reason(args)], 'is paused', ({ flows }) =>
        flows.schedules.pause(args.id, args.note),
      ),
    )
    .command('resume <id>', 'fire again', withNote, (args) =>
      change(args, ['toggle', '--unpause', ...reason(args)], 'is resumed', ({ flows }) =>
        flows.schedules.resume(args.id, args.note),
      ),
    )
    .command('trigger <id>', 'one firing now, after those that are going on or due', ofSchedule, (args) =>
      change(args, ['trigger', '--overlap-policy', 'BufferAll'], 'fires', ({ flows }) =>
        flows.schedules.trigger(args.id),
      ),
    )
    .command(
      'backfill <id>',
      'make all firings between two times, one after the other',
      (yargs) =>
        ofSchedule(yargs).options({
          from: { type: 'string', demandOption: true, describe: 'ISO 8601; without an offset it is UTC' },
          to: {
            type: 'string',
            demandOption: true,
            describe: 'the same; a firing at this very time is made',
          },
        }),
      (args) => withSession(args, (session) => backfill(session, args)),
    )
    .command('delete <id>', 'no firing ever again; runs that are going on go on', ofSchedule, (args) =>
      change(args, ['delete'], 'is deleted', async ({ flows }) => {
        if (!(await flows.schedules.delete(args.id))) throw new UserError(`There is no schedule ${args.id}.`);
      }),
    )
    .demandCommand(1, 'What about the schedules? The list is above.');
}

/** Flags that are no members of the flow's input. */
const SCHEDULE_MEMBERS = scheduleMembers();
const OURS = ['_', '$0', 'id', 'input', 'json', 'help', 'version'];

/** `schedule ensure FLOW ID`: flags for the schedule, and for the flow's input. */
function addEnsureCommands(cli: Cli) {
  const withId = (yargs: Cli) =>
    ofSchedule(yargs).option('input', {
      type: 'string',
      nargs: 1,
      describe: "a JSON file that holds the flow's input, - for stdin",
    });
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
  return cli.demandCommand(1, 'Which flow? The list is above.');
}

async function ensure(
  flow: RecurringFlow,
  args: { id: string; input: string | undefined; json: boolean | undefined } & Record<string, unknown>,
): Promise<void> {
  const members = membersOf(flow);
  const flags = membersFrom(args, [...SCHEDULE_MEMBERS, ...members], new Set(OURS));
  const names = new Set(SCHEDULE_MEMBERS.map(({ name }) => name));
  const [timing, inputs] = [true, false].map((isTiming) =>
    Object.fromEntries(Object.entries(flags).filter(([name]) => names.has(name) === isTiming)),
  );
  const wanted = { flow, ...timing, input: { ...(await readInput(args.input)), ...inputs } };
  const problems = asFlags(scheduleProblems(wanted), [...SCHEDULE_MEMBERS, ...members]);
  if (problems.length > 0) {
    const help = `What it takes: aws-health-workflows schedule ensure ${flow} --help`;
    throw new UserError(`${describeProblems(problems)}.\n${help}`);
  }
  await withSession(args, async ({ flows, terminal }) => {
    const ensured = await flows.schedules.ensure(args.id, wanted);
    const { next } = await flows.schedules.describe(args.id);
    terminal.record({ scheduleId: args.id, ...ensured, next });
    const what = ensured.changed.length > 0 ? ` (${ensured.changed.join(', ')})` : '';
    terminal.say(`${args.id} is ${ensured.outcome}${what}.`);
    if (next[0]) terminal.say(`Next       ${next[0].toISOString()}`);
    terminal.say(`Look at it ${shellCommand('temporal', 'schedule', 'describe', '--schedule-id', args.id)}`);
  });
}

async function list({ flows, terminal }: Session): Promise<void> {
  const schedules = await flows.schedules.list();
  terminal.record(schedules);
  if (schedules.length === 0) {
    return terminal.say('No recurring import yet. To make one: aws-health-workflows schedule ensure --help');
  }
  terminal.table(
    ['SCHEDULE', 'NEXT', 'LAST RUN', 'NOTE'],
    schedules.map(({ scheduleId, paused, note, next, recent }) => [
      scheduleId,
      paused ? 'paused' : (next[0]?.toISOString() ?? ''),
      recent.at(-1)?.workflowId ?? '',
      note,
    ]),
  );
}

async function describe({ flows, terminal }: Session, scheduleId: string): Promise<void> {
  const status = await flows.schedules.describe(scheduleId);
  terminal.record(status);
  for (const line of linesOf(status)) terminal.say(line);
  terminal.table(
    ['SCHEDULED', 'STARTED', 'RUN'],
    status.recent.map(({ scheduledAt, startedAt, workflowId }) => [
      scheduledAt.toISOString(),
      startedAt.toISOString(),
      workflowId,
    ]),
  );
}

function linesOf({ recurringImport, paused, note, next, running, counts }: ScheduleStatus): string[] {
  const { flow, input, ...timing } = recurringImport;
  return [
    `flow       ${flow}`,
    `input      ${JSON.stringify(input)}`,
    ...Object.entries(timing).map(([name, value]) => `${name.padEnd(10)} ${String(value)}`),
    `state      ${paused ? 'paused' : 'active'}${note && ` (${note})`}`,
    `next       ${next
      .slice(0, 3)
      .map((time) => time.toISOString())
      .join(', ')}`,
    `running    ${running.join(', ') || 'nothing'}`,
    `counts     ${Object.entries(counts)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ')}`,
    '',
  ];
}

/** A command that changes one thing, and says what. */
function change(
  args: { id: string; json: boolean | undefined },
  temporal: readonly [verb: string, ...flags: string[]],
  done: string,
  act: (session: Session) => Promise<void>,
): Promise<void> {
  return withSession(args, async (session) => {
    await act(session);
    const [verb, ...flags] = temporal;
    session.terminal.record({ scheduleId: args.id, done });
    session.terminal.say(`${args.id} ${done}.`);
    const same = shellCommand('temporal', 'schedule', verb, '--schedule-id', args.id, ...flags);
    session.terminal.say(`The same   ${same}`);
  });
}

async function backfill(
  { flows, terminal }: Session,
  { id, from, to }: { id: string; from: string; to: string },
): Promise<void> {
  const firings = await flows.schedules.backfill(id, {
    from: toDate(from, '--from'),
    to: toDate(to, '--to'),
  });
  terminal.record({ scheduleId: id, firings });
  terminal.say(
    firings === 0
      ? `${id} has no firing between these times.`
      : `${id} makes ${firings} firings, one after the other.`,
  );
  if (firings > 0) terminal.say(`Watch them aws-health-workflows schedule describe ${id}`);
}

/** A date alone is its midnight in UTC, as everywhere in ISO 8601 for JavaScript; a time without an offset is UTC too. */
function toDate(text: string, flag: string): Date {
  const isTime = /T[\d:.]+$/.test(text);
  const date = new Date(isTime ? `${text}Z` : text);
  if (!/^\d{4}-\d\d-\d\d/.test(text) || Number.isNaN(date.getTime())) {
    throw new UserError(`${flag} must be a date or a time such as 2026-01-31 or 2026-01-31T02:00:00+01:00.`);
  }
  return date;
}
