/** `schedule backfill` and `schedule stop-backfill`. */
import { createInterface } from 'node:readline';
import { UserError } from '../lib/user-error.ts';
import type { Session } from './session.ts';
import { ourCommand } from './terminal.ts';

/** A backfill of more firings than this needs a confirmation, in case the year is mistyped. */
const UNASKED = 100;

export async function backfill(
  { flows, terminal }: Session,
  { id, from, to, yes }: { id: string; from: Date; to: Date; yes: boolean },
): Promise<void> {
  const confirm = (firings: readonly Date[]) => yes || firings.length <= UNASKED || isMeant(id, firings);
  const firings = await flows.schedules.backfill(id, { from, to }, confirm);
  terminal.record({ scheduleId: id, firings });
  if (firings === 0) return terminal.say(`${id} does not fire between these times.`);
  terminal.say(`${id} starts ${firings} firings, one after the other.`);
  terminal.say(`Watch them ${ourCommand('schedule', 'describe', id)}`);
  terminal.say(`Stop them  ${ourCommand('schedule', 'stop-backfill', id)}`);
}

/** @throws UserError if stdin is not a terminal, or the answer is no */
async function isMeant(id: string, firings: readonly Date[]): Promise<true> {
  const [first, last] = [firings[0], firings.at(-1)].map((time) => time?.toISOString() ?? '');
  const what = `${firings.length} firings of ${id}, one after the other, from ${first} to ${last}`;
  if (!process.stdin.isTTY) {
    throw new UserError(
      `This starts ${what}. Nothing was started. To confirm, repeat the command with --yes.`,
    );
  }
  if (!(await ask(`This starts ${what}. Continue?`))) throw new UserError('Nothing was started.');
  return true;
}

/** Asks at the terminal. `terminal: false` keeps the terminal out of raw mode, in which Ctrl-C and Ctrl-Z would have no effect. */
async function ask(question: string): Promise<boolean> {
  process.stderr.write(`${question} [y/N] `);
  const lines = createInterface({ input: process.stdin, terminal: false });
  try {
    for await (const line of lines) return /^y(es)?$/i.test(line.trim());
    return false;
  } finally {
    lines.close();
  }
}

export async function stopBackfill({ flows, terminal }: Session, id: string): Promise<void> {
  const dropped = await flows.schedules.stopBackfill(id);
  const { running } = await flows.schedules.describe(id);
  terminal.record({ scheduleId: id, dropped, running });
  terminal.say(
    dropped === 0
      ? `${id} has no waiting firings.`
      : `${dropped} waiting firings of ${id} are dropped, and all later firings of the backfill.`,
  );
  for (const workflowId of running) {
    terminal.say(`Running    ${workflowId}`);
    terminal.say(`To cancel it: ${ourCommand('cancel', workflowId)}`);
  }
}
