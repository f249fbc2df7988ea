/** `schedule …`: recurring imports. */
import type { Argv } from 'yargs';
import { UserError } from '../lib/user-error.ts';
import { backfill, stopBackfill } from './schedule-backfill.ts';
import { addEnsureCommands } from './schedule-ensure.ts';
import { describe, list } from './schedule-list.ts';
import { withSession, type Session } from './session.ts';
import { shellCommand } from './terminal.ts';
import { idPositional, textOption, timeOption } from './values.ts';

type Cli = Argv<{ json: boolean | undefined }>;

const ofSchedule = (yargs: Cli) => yargs.positional('id', idPositional('the id of the schedule'));

const reason = ({ note }: { note: string | undefined }) => (note === undefined ? [] : ['--reason', note]);

/** `schedule ensure`, `list`, `describe`, `pause`, `resume`, `trigger`, `backfill`, `stop-backfill`, `delete`. */
export function addScheduleCommands(cli: Cli) {
  const withNote = (yargs: Cli) => ofSchedule(yargs).options({ note: textOption('note', 'why') });
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
    .command(
      'pause <id>',
      'no firing by the clock until it is resumed; a backfill goes on',
      withNote,
      (args) =>
        withSession(args, async (session) => {
          const { schedules } = session.flows;
          await schedules.pause(args.id, args.note);
          const { running, waiting } = await schedules.describe(args.id);
          report(session, args.id, 'is paused', ['toggle', '--pause', ...reason(args)], { running, waiting });
          sayWhatGoesOn(session, args.id, { running, waiting });
        }),
    )
    .command('resume <id>', 'fire again', withNote, (args) =>
      withSession(args, async (session) => {
        await session.flows.schedules.resume(args.id, args.note);
        report(session, args.id, 'is resumed', ['toggle', '--unpause', ...reason(args)]);
      }),
    )
    .command('trigger <id>', 'one firing now, after those that are going on or due', ofSchedule, (args) =>
      withSession(args, async (session) => {
        await session.flows.schedules.trigger(args.id);
        report(session, args.id, 'fires', ['trigger', '--overlap-policy', 'BufferAll']);
      }),
    )
    .command(
      'backfill <id>',
      'make all firings between two times, one after the other',
      (yargs) =>
        ofSchedule(yargs).options({
          from: timeOption('from', 'ISO 8601; without an offset it is UTC'),
          to: timeOption('to', 'the same; a firing at this very time is made'),
          yes: { type: 'boolean', default: false, describe: 'do not ask, however many they are' },
        }),
      (args) => withSession(args, (session) => backfill(session, args)),
    )
    .command(
      'stop-backfill <id>',
      'drop the firings of a backfill that are not made yet; the one that goes on goes on',
      ofSchedule,
      (args) => withSession(args, (session) => stopBackfill(session, args.id)),
    )
    .command('delete <id>', 'no firing ever again; runs that are going on go on', ofSchedule, (args) =>
      withSession(args, async (session) => {
        if (!(await session.flows.schedules.delete(args.id)))
          throw new UserError(`There is no schedule ${args.id}.`);
        report(session, args.id, 'is deleted', ['delete']);
      }),
    )
    .demandCommand(1, 'What about the schedules? The list is above.');
}

/** Says what was done, and the command of the Temporal CLI that does the same. */
function report(
  { terminal }: Session,
  scheduleId: string,
  done: string,
  [verb, ...flags]: readonly [verb: string, ...flags: string[]],
  facts: object = {},
): void {
  terminal.record({ scheduleId, done, ...facts });
  terminal.say(`${scheduleId} ${done}.`);
  terminal.say(
    `The same   ${shellCommand('temporal', 'schedule', verb, '--schedule-id', scheduleId, ...flags)}`,
  );
}

/** A pause holds the clock alone. */
function sayWhatGoesOn(
  { terminal }: Session,
  scheduleId: string,
  { running, waiting }: { running: readonly string[]; waiting: number },
): void {
  if (running.length > 0) terminal.say(`Goes on    ${running.join(', ')}`);
  if (waiting === 0) return;
  const stop = shellCommand('aws-health-workflows', 'schedule', 'stop-backfill', scheduleId);
  terminal.say(
    `${waiting} firings or more wait that a backfill or trigger has asked for. They are made all the same.`,
  );
  terminal.say(`To drop them: ${stop}`);
}
