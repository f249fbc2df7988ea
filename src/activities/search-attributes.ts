import { activityInfo } from '@temporalio/activity';

/** How long a worker caches the search attributes of its namespace, in milliseconds. */
const CACHED = 60_000;

/** For how many calls a worker remembers that it has answered them; each takes some hundred bytes. */
const MOST_ANSWERS = 10_000;

/**
 * Returns the search attributes that a run may set. A run calls this local activity right before it sets them.
 *
 * Setting a search attribute that the namespace does not have, or has with another type, fails the workflow task, which
 * workflow code cannot catch. Temporal then retries the task, and with it this activity, whose result was not recorded. So a
 * second call for the same run means that the first answer has failed the task: the worker ignores its cache. A third call
 * means that the lookup and the server disagree: the run gets no search attributes, so that its task does not fail forever.
 *
 * @param look - looks up the names that may be set now; throws if the server does not answer
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
    if (!known || before > 0 || Date.now() - known.at > CACHED) {
      // If the lookup fails, the run continues without search attributes: it is only harder to find, where an unknown attribute would block it.
      known = { at: Date.now(), names: look().catch(() => []) };
    }
    return known.names;
  };
}
