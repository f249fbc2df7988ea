/** The candidates of shell completion: commands, flows, flags, and the ids of runs and schedules. */
import { commandLine } from './commands.ts';
import type { Session } from './session.ts';
import { withSession } from './with-session.ts';

/**
 * Prints the candidates for the last word of a line, one a line. The shell filters them by what is already typed of that word.
 *
 * @param line - the text before the cursor, with the name of the program
 */
export async function complete(line: string): Promise<void> {
  const words = line.split(/ +/).slice(line.startsWith('npx ') ? 2 : 1);
  for (const id of await idsAt(words)) console.log(id);
  // yargs reads SHELL, and for zsh would add descriptions to the candidates.
  delete process.env['SHELL'];
  await commandLine([`--get-yargs-completions`, 'aws-health-workflows', ...words]).parseAsync();
}

/** The ids of runs or schedules, if the last word is the id of a command. */
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
  // If no server answers, completion offers no ids. An error message would be printed into the line that the user edits.
  await withSession({ json: true }, find, 1_000).catch(() => undefined);
  return ids;
}

const runs = (all: boolean) => async (session: Session) =>
  (await session.flows.list({ all, limit: 100 })).map(({ workflowId }) => workflowId);
const schedules = async ({ flows }: Session) =>
  (await flows.schedules.list()).map(({ scheduleId }) => scheduleId);

const SOURCES: readonly (readonly [command: RegExp, ids: (session: Session) => Promise<string[]>])[] = [
  [/^(watch|cancel|pause|resume|set|cancel-remaining)$/, runs(false)],
  [/^(result|failures|report|record)$/, runs(true)],
  [/^schedule (describe|pause|resume|trigger|backfill|stop-backfill|delete|ensure \w+)$/, schedules],
];
