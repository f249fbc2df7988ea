/** `schedule …`: recurring imports. */
import type { Argv } from 'yargs';
import { UserError } from '../lib/user-error.ts';
import { temporalCommand } from '../temporal/temporal-command.ts';
import { backfill, stopBackfill } from './schedule-backfill.ts';
import { addEnsureCommands } from './schedule-ensure.ts';
import { describe, list } from './schedule-list.ts';
import type { Session } from './session.ts';
import { ourCommand } from './terminal.ts';
import { idPositional, textOption, timeOption } from './values.ts';
import { withSession } from './with-session.ts';

type Cli = Argv<{ json: boolean | undefined }>;

const ofSchedule = (yargs: Cli) => yargs.positional('id', idPositional('the id of the schedule'));

const reason = ({ note }: { note: string | undefined }) => (note === undefined ? [] : ['--reason', note]);

/** `schedule ensure`, `list`, `describe`, `pause`, `resume`, `trigger`, `backfill`, `stop-backfill`, `delete`. */
export function addScheduleCommands(cli: Cli) {
  const withNote = (yargs: Cli) => ofSchedule(yargs).options({ note: textOption('note', 'why') });
  return cli
    .command('ensure', 'create a recurring import, or update it to these flags', addEnsureCommands)
    .command(
      'list',
      'list the recurring imports and when each fires next',
      (yargs) => yargs,
      (args) => withSession(args, list),
    )
    .command('describe <id>', 'show a recurring import, its last and its next firings', ofSchedule, (args) =>
      withSession(args, (session) => describe(session, args.id)),
    )
    .command(
      'pause <id>',
      'stop firing at the scheduled times; a backfill that has begun continues',
      withNote,
      (args) =>
        withSession(args, async (session) => {
          const { schedules } = session.flows;
          await schedules.pause(args.id, args.note);
          const { running, waiting } = await schedules.describe(args.id);
          report(session, args.id, 'is paused', ['toggle', '--pause', ...reason(args)], { running, waiting });
          sayWhatContinues(session, args.id, { running, waiting });
        }),
    )
    .command('resume <id>', 'fire at the scheduled times again', withNote, (args) =>
      withSession(args, async (session) => {
        await session.flows.schedules.resume(args.id, args.note);
        report(session, args.id, 'is resumed', ['toggle', '--unpause', ...reason(args)]);
      }),
    )
    .command(
      'trigger <id>',
      'fire once now, after all firings that are running or waiting',
      ofSchedule,
      (args) =>
        withSession(args, async (session) => {
          await session.flows.schedules.trigger(args.id);
          report(session, args.id, 'fires', ['trigger', '--overlap-policy', 'BufferAll']);
        }),
    )
    .command(
      'backfill <id>',
      'run all firings between two times, one after the other',
      (yargs) =>
        ofSchedule(yargs).options({
          from: timeOption('from', 'begin of the range, in ISO 8601; without an offset it is UTC'),
          to: timeOption('to', 'end of the range; a firing at exactly this time is included'),
          yes: { type: 'boolean', default: false, describe: 'do not ask for confirmation' },
        }),
      (args) => withSession(args, (session) => backfill(session, args)),
    )
    .command(
      'stop-backfill <id>',
      'drop all firings that wait, those of a backfill and others; the running one continues',
      ofSchedule,
      (args) => withSession(args, (session) => stopBackfill(session, args.id)),
    )
    .command('delete <id>', 'delete a recurring import; open runs continue', ofSchedule, (args) =>
      withSession(args, async (session) => {
        if (!(await session.flows.schedules.delete(args.id)))
          throw new UserError(`There is no schedule ${args.id}.`);
        report(session, args.id, 'is deleted', ['delete']);
      }),
    )
    .demandCommand(1, 'Name a command of the list above.');
}

/** Prints what was done, and the equivalent command of the Temporal CLI. */
function report(
  { terminal }: Session,
  scheduleId: string,
  done: string,
  [verb, ...flags]: readonly [verb: string, ...flags: string[]],
  facts: object = {},
): void {
  terminal.record({ scheduleId, done, ...facts });
  terminal.say(`${scheduleId} ${done}.`);
  terminal.say(`The same   ${temporalCommand(['schedule', verb, '--schedule-id', scheduleId, ...flags])}`);
}

/** A pause stops only scheduled firings: the open run and the firings of a backfill or a trigger continue. */
function sayWhatContinues(
  { terminal }: Session,
  scheduleId: string,
  { running, waiting }: { running: readonly string[]; waiting: number },
): void {
  if (running.length > 0) terminal.say(`Running    ${running.join(', ')}`);
  if (waiting === 0) return;
  const stop = ourCommand('schedule', 'stop-backfill', scheduleId);
  terminal.say(
    `At least ${waiting} firings of a backfill or trigger are waiting. They will start even though the schedule is paused.`,
  );
  terminal.say(`To drop them: ${stop}`);
}
