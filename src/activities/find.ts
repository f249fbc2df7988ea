import { activityInfo, heartbeat } from '@temporalio/activity';
import { isRecord } from '../lib/guards.ts';
import { RUN_TAG } from '../lib/run-tag.ts';

/** What a search for something that a run may have started has found. */
export type Sighting =
  | { kind: 'none' }
  | { kind: 'ours'; id: string }
  /** It has the right name and age, but another run may have started it. */
  | { kind: 'perhaps'; id: string };

/** A job that a run may have started without learning its id. */
export interface SoughtJob {
  datastoreId: string;
  jobName: string;
  /**
   * Set where other runs may give jobs the same name: a job that was submitted before this time (ISO 8601) is not the one,
   * and whether a later one is cannot be told. Absent where the name belongs to one run alone.
   */
  submittedAfter?: string;
}

interface Page<Item> {
  items: readonly Item[];
  nextToken: string | undefined;
}

/**
 * Reads a list to its end, or to the first item that settles the search, as one activity: a list of thousands of jobs
 * would otherwise fill the history of the run with pages.
 *
 * Each page is reported as a heartbeat, so that an attempt on another worker goes on at the page where the last one
 * stopped.
 *
 * @param read - reads one page
 * @param judge - what one item means
 */
export async function findIn<Item>(
  read: (nextToken: string | undefined) => Promise<Page<Item>>,
  judge: (item: Item) => Sighting | Promise<Sighting>,
): Promise<Sighting> {
  let { nextToken, best } = progressOfLastAttempt();
  do {
    const page = await read(nextToken);
    for (const item of page.items) {
      const sighting = await judge(item);
      if (sighting.kind === 'ours') return sighting;
      if (sighting.kind === 'perhaps') best = sighting;
    }
    ({ nextToken } = page);
    heartbeat({ nextToken, best });
  } while (nextToken !== undefined);
  return best;
}

function progressOfLastAttempt(): { nextToken: string | undefined; best: Sighting } {
  const last: unknown = activityInfo().heartbeatDetails;
  const { nextToken, best } = isRecord(last) ? last : {};
  return {
    nextToken: typeof nextToken === 'string' ? nextToken : undefined,
    best: isPerhaps(best) ? best : { kind: 'none' },
  };
}

function isPerhaps(value: unknown): value is Extract<Sighting, { kind: 'perhaps' }> {
  return isRecord(value) && value['kind'] === 'perhaps' && typeof value['id'] === 'string';
}

/** What a listed job means to the run that looks for its own. */
export function judgeJob(
  { jobName, submittedAfter }: SoughtJob,
  job: { id: string | undefined; name: string | undefined; submittedAt: string | undefined },
): Sighting {
  if (job.id === undefined || job.name !== jobName) return { kind: 'none' };
  if (submittedAfter === undefined) return { kind: 'ours', id: job.id };
  const isOlder = Date.parse(job.submittedAt ?? '') < Date.parse(submittedAfter);
  return isOlder ? { kind: 'none' } : { kind: 'perhaps', id: job.id };
}

/** A data store that a run may have created without learning its id. */
export interface SoughtDatastore {
  name: string | undefined;
  /** The run's mark, which the data store bears in its tag {@link RUN_TAG}; absent where it was created without. */
  mark?: string;
  /** When the run began, less the difference of the clocks: what is older (ISO 8601) is not its own. */
  createdAfter: string;
}

/**
 * What a listed data store means to the run that looks for its own. Names of data stores are not unique, so that only the
 * run's mark among the tags tells whose it is.
 *
 * @param readTags - reads the tags of the data store; called for those of the right name alone
 */
export async function judgeDatastore(
  { name, mark, createdAfter }: SoughtDatastore,
  store: { id: string | undefined; name: string | undefined; createdAt: string | undefined },
  readTags: () => Promise<Readonly<Record<string, string | undefined>>>,
): Promise<Sighting> {
  if (store.id === undefined || store.name !== name) return { kind: 'none' };
  if (mark !== undefined) {
    const tags = await readTags().catch(unreadable);
    if (tags !== 'denied') return tags[RUN_TAG] === mark ? { kind: 'ours', id: store.id } : { kind: 'none' };
  }
  const isOlder = Date.parse(store.createdAt ?? '') < Date.parse(createdAfter);
  return isOlder ? { kind: 'none' } : { kind: 'perhaps', id: store.id };
}

/** A caller who may list data stores may not always read their tags: then name and age have to do. */
function unreadable(error: unknown): 'denied' | Record<string, never> {
  const type = isRecord(error) ? error['type'] : undefined;
  if (type === 'AccessDeniedException') return 'denied';
  // It was deleted after it was listed.
  if (type === 'ResourceNotFoundException') return {};
  throw error;
}
