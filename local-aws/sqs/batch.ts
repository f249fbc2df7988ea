import type { BatchResultErrorEntry } from '@aws-sdk/client-sqs';
import { ServiceError } from '../errors.ts';
import { UNMODELLED_CODES } from './errors.ts';

const MOST_ENTRIES = 10;

/**
 * Does the entries of a batch one by one. An entry that fails does not keep the others from being done.
 *
 * @throws ServiceError for a batch that SQS refuses as a whole: it has no entries or too many, or their ids are not valid
 */
export function eachOf<Entry extends { readonly Id: string }, Result extends object>(
  entries: readonly Entry[],
  one: (entry: Entry) => Result,
): { Successful: (Result & { Id: string })[]; Failed: BatchResultErrorEntry[] } {
  checkIds(entries.map(({ Id }) => Id));
  const Successful: (Result & { Id: string })[] = [];
  const Failed: BatchResultErrorEntry[] = [];
  for (const entry of entries) {
    const { Id } = entry;
    try {
      Successful.push({ ...one(entry), Id });
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      const { type, message } = error;
      Failed.push({ Id, SenderFault: true, Code: UNMODELLED_CODES[type] ?? type, Message: message });
    }
  }
  return { Successful, Failed };
}

function checkIds(ids: readonly string[]): void {
  if (ids.length === 0) {
    throw new ServiceError('EmptyBatchRequest', 'There should be at least one entry in the request.');
  }
  if (ids.length > MOST_ENTRIES) {
    throw new ServiceError(
      'TooManyEntriesInBatchRequest',
      `Maximum number of entries per request are ${MOST_ENTRIES}. You have sent ${ids.length}.`,
    );
  }
  if (ids.some((id) => !/^[\w-]{1,80}$/.test(id))) {
    throw new ServiceError(
      'InvalidBatchEntryId',
      'A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.',
    );
  }
  const repeated = ids.find((id, i) => ids.indexOf(id) < i);
  if (repeated !== undefined) {
    throw new ServiceError('BatchEntryIdsNotDistinct', `Id ${repeated} repeated.`);
  }
}
