import { activityInfo, heartbeat } from '@temporalio/activity';
import { isRecord } from '../lib/guards.ts';
import { RUN_TAG } from '../lib/run-tag.ts';

/** The result of a search for something that a run may have started. */
export type Sighting =
  | { kind: 'none' }
  | { kind: 'ours'; id: string }
  /** It has the right name and age, but another run may have started it. */
  | { kind: 'perhaps'; id: string };

/** A job that a run may have started, and whose id it does not know. */
export interface SoughtJob {
  datastoreId: string;
  jobName: string;
  /**
   * Set where other runs may use the same job name: a job submitted before this time (ISO 8601) is not the one, and a later
   * one may be another run's. Absent where only this run uses the name.
   */
  submittedAfter?: string;
}

/** One page of a list of either service. */
export interface Page<Item> {
  items: readonly Item[];
  nextToken: string | undefined;
}

/**
 * Reads all pages of a list, or up to the first item that is certainly the run's own. It is one activity, because an
 * activity for each page of thousands of jobs would fill the history of the run.
 *
 * The heartbeat of each page holds the next token, so that an attempt on another worker continues where the last one
 * stopped.
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

/** Whether a listed job is the one that the run has started. */
export function judgeJob(
  { jobName, submittedAfter }: SoughtJob,
  job: { id: string | undefined; name: string | undefined; submittedAt: string | undefined },
): Sighting {
  if (job.id === undefined || job.name !== jobName) return { kind: 'none' };
  if (submittedAfter === undefined) return { kind: 'ours', id: job.id };
  const isOlder = Date.parse(job.submittedAt ?? '') < Date.parse(submittedAfter);
  return isOlder ? { kind: 'none' } : { kind: 'perhaps', id: job.id };
}

/** A data store that a run may have created, and whose id it does not know. */
export interface SoughtDatastore {
  name: string | undefined;
  /** The run's mark, the value of the tag `RUN_TAG`; absent where the data store was created without this tag. */
  mark?: string;
  /** When the run began, minus the clock skew (ISO 8601): an older data store is not its own. */
  createdAfter: string;
}

/**
 * Whether a listed data store is the one that the run has created. Names of data stores are not unique, so only the tag with
 * the run's mark proves it.
 *
 * @param readTags - reads the tags of the data store; called only for data stores with the right name
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

/** If the caller may list data stores, but not read their tags, only the name and the age can be compared. */
function unreadable(error: unknown): 'denied' | Record<string, never> {
  const type = isRecord(error) ? error['type'] : undefined;
  if (type === 'AccessDeniedException') return 'denied';
  // It has been deleted since it was listed.
  if (type === 'ResourceNotFoundException') return {};
  throw error;
}
