/** `schedule backfill` and `schedule stop-backfill`. */
import { createInterface } from 'node:readline';
import { UserError } from '../lib/user-error.ts';
import type { Session } from './session.ts';
import { shellCommand } from './terminal.ts';

/** More than these, and whoever has mistyped a year is glad to be asked. */
const UNASKED = 100;

export async function backfill(
  { flows, terminal }: Session,
  { id, from, to, yes }: { id: string; from: Date; to: Date; yes: boolean },
): Promise<void> {
  const confirm = (firings: readonly Date[]) => yes || firings.length <= UNASKED || isMeant(id, firings);
  const firings = await flows.schedules.backfill(id, { from, to }, confirm);
  terminal.record({ scheduleId: id, firings });
  if (firings === 0) return terminal.say(`${id} has no firing between these times.`);
  terminal.say(`${id} makes ${firings} firings, one after the other.`);
  terminal.say(`Watch them ${shellCommand('aws-health-workflows', 'schedule', 'describe', id)}`);
  terminal.say(`Stop them  ${shellCommand('aws-health-workflows', 'schedule', 'stop-backfill', id)}`);
}

/** @throws UserError where nobody can be asked, or the answer is no */
async function isMeant(id: string, firings: readonly Date[]): Promise<true> {
  const [first, last] = [firings[0], firings.at(-1)].map((time) => time?.toISOString() ?? '');
  const what = `${firings.length} firings of ${id}, one after the other, from ${first} to ${last}`;
  if (!process.stdin.isTTY) {
    throw new UserError(`This makes ${what}. None is made yet: repeat it with --yes if that is meant.`);
  }
  if (!(await ask(`This makes ${what}. Go on?`))) throw new UserError('No firing is made.');
  return true;
}

/** A question at the terminal, which stays in the mode where Ctrl-C and Ctrl-Z are what they always are. */
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
      ? `No firing of ${id} was waiting.`
      : `${dropped} waiting firings of ${id} are dropped, and those of the backfill that were to come after them.`,
  );
  for (const workflowId of running) {
    terminal.say(`Goes on    ${workflowId}`);
    terminal.say(`To end it: ${shellCommand('aws-health-workflows', 'cancel', workflowId)}`);
  }
}
