/** What a shell offers when Tab is pressed: commands, flows and flags, and the ids that Temporal knows. */
import { commandLine } from './commands.ts';
import { withSession, type Session } from './session.ts';

/**
 * Prints what may stand at the end of a line, and more: the shell takes what begins like its last word.
 *
 * @param line - as far as it has been typed, with the name of the program
 */
export async function complete(line: string): Promise<void> {
  const words = line.split(/ +/).slice(line.startsWith('npx ') ? 2 : 1);
  for (const id of await idsAt(words)) console.log(id);
  // In zsh yargs would add descriptions.
  delete process.env['SHELL'];
  await commandLine([`--get-yargs-completions`, 'aws-health-workflows', ...words]).parseAsync();
}

/** The ids that a command takes, where one is due. */
async function idsAt(words: readonly string[]): Promise<string[]> {
  if (words.at(-1)?.startsWith('-')) return [];
  const before = words
    .slice(0, -1)
    .filter((word) => !word.startsWith('-'))
    .join(' ');
  const source = SOURCES.find(([command]) => command.test(before))?.[1];
  if (!source) return [];
  let ids: string[] = [];
  const find = async (session: Session) => {
    ids = await source(session);
  };
  // Whoever presses Tab where no server is wants no word about that.
  await withSession({ json: true }, find, 1_000).catch(() => undefined);
  return ids;
}

const runs = (all: boolean) => async (session: Session) =>
  (await session.flows.list({ all, limit: 100 })).map(({ workflowId }) => workflowId);
const schedules = async ({ flows }: Session) =>
  (await flows.schedules.list()).map(({ scheduleId }) => scheduleId);

const SOURCES: readonly (readonly [command: RegExp, ids: (session: Session) => Promise<string[]>])[] = [
  [/^(watch|cancel)$/, runs(false)],
  [/^(result|failures)$/, runs(true)],
  [/^schedule (describe|pause|resume|trigger|backfill|stop-backfill|delete|ensure \w+)$/, schedules],
];
