import { activityInfo } from '@temporalio/activity';

/** How long a worker remembers what a namespace has, in milliseconds. */
const REMEMBERED = 60_000;

/** Of so many answers a worker remembers who was given them; each takes some hundred bytes. */
const MOST_ANSWERS = 10_000;

/**
 * Tells a run which search attributes it may set. A local activity, asked just before they are set.
 *
 * One that the namespace does not have (any more), or has with another type, fails the workflow task, which workflow code
 * cannot catch. Temporal then repeats the task, and with it this activity, whose result was not recorded: so a run that
 * asks a second time has failed of the first answer. It is given a fresh look, and the third time it does without, lest
 * what the lookup shows and what the server checks differ for good.
 *
 * @param look - the names that may be set now; throws where the server does not tell
 */
export function searchAttributesActivity(look: () => Promise<string[]>) {
  let known: { at: number; names: Promise<string[]> } | undefined;
  const answers = new Map<string, number>();
  return async (): Promise<string[]> => {
    const { workflowExecution, activityId } = activityInfo();
    const asker = `${workflowExecution?.runId}/${activityId}`;
    const before = answers.get(asker) ?? 0;
    if (answers.size >= MOST_ANSWERS) answers.clear();
    answers.set(asker, before + 1);
    if (before > 1) return [];
    if (!known || before > 0 || Date.now() - known.at > REMEMBERED) {
      // If the lookup fails, the run continues without search attributes: it is only harder to find, where an unknown attribute would block it.
      known = { at: Date.now(), names: look().catch(() => []) };
    }
    return known.names;
  };
}
