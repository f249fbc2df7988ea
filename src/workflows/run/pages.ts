import { ApplicationFailure } from '@temporalio/workflow';
import { recordOf } from '../../lib/guards.ts';
import { bytesOf } from '../../lib/size.ts';
import type { RunRules } from '../../pacing/rules.ts';
import { originOf } from './failures.ts';

/** A page of one of the services' lists, in the words that both share. */
export interface Page<Item> {
  items: readonly Item[] | undefined;
  nextToken: string | undefined;
}

/** The published documents have it as text; the services do not take that. */
export const pageSize = (maxResults: number | string | undefined): number | undefined =>
  maxResults === undefined ? undefined : Number(maxResults);

/**
 * Reads the pages of a list one by one, until the last, or until nobody wants another.
 *
 * @param step - the summary of the first call; those of further pages count on
 * @param most - how many pages to read at the most
 * @param read - reads one page
 * @param from - the token of the page to begin with, as an earlier run gave it; the first page where it is absent
 * @throws ApplicationFailure `ValidationException` that says so where the service does not take the token `from`
 */
export async function* pagesOf<Item>(
  step: string,
  most: number,
  read: (summary: string, nextToken: string | undefined) => Promise<Page<Item>>,
  from?: string,
): AsyncGenerator<Page<Item>> {
  let nextToken = from;
  for (let number = 1; number <= most; number++) {
    const page =
      number === 1 ? await readFirst(step, read, from) : await read(`${step} · ${number}`, nextToken);
    yield page;
    nextToken = page.nextToken;
    if (nextToken === undefined) return;
  }
}

/**
 * Lists all that a step of a document asks for: ten pages at the most, and none after the one that makes it 1,000 items.
 *
 * A page that would make the list take more bytes than the rules allow is not added, and the list goes on from there. The
 * first page is always there: the activity that reads it asks for fewer items where they take too much.
 *
 * @param step - of the document
 * @param read - reads one page
 * @param from - the token of the page to begin with; the first page where it is absent
 * @returns the items, and the token of the next page where there is more
 * @throws ApplicationFailure `ValidationException` that says so where the service does not take the token `from`
 */
export async function allPages<Item>(
  flow: { readonly facts: { readonly rules: Pick<RunRules, 'lists'> } },
  step: string,
  read: (summary: string, nextToken: string | undefined) => Promise<Page<Item>>,
  from?: string,
): Promise<{ items: Item[]; nextToken?: string }> {
  const { lists } = flow.facts.rules;
  const items: Item[] = [];
  let bytes = 0;
  let nextToken = from;
  for await (const page of pagesOf(step, lists.pages, read, from)) {
    const more = page.items ?? [];
    bytes += bytesOf(more);
    if (items.length > 0 && bytes > lists.bytes) break;
    items.push(...more);
    ({ nextToken } = page);
    if (items.length >= lists.items) break;
  }
  return { items, ...(nextToken !== undefined && { nextToken }) };
}

/**
 * Neither service says for how long a token is good. One that is refused names no member of the input, so the failure has
 * to say which it was, and what to do.
 */
async function readFirst<Item>(
  step: string,
  read: (summary: string, nextToken: string | undefined) => Promise<Page<Item>>,
  from: string | undefined,
): Promise<Page<Item>> {
  try {
    return await read(step, from);
  } catch (error) {
    const origin = originOf(error);
    if (from === undefined || origin?.type !== 'ValidationException') throw error;
    const { awsMessage } = recordOf(origin.details?.[0]);
    throw ApplicationFailure.create({
      type: origin.type,
      message:
        `${step}: the service does not take the token of the input. A token expires, and is good only for ` +
        'the list that has given it. Start again without it to list from the beginning.',
      details: [{ awsMessage }],
      cause: origin,
    });
  }
}
