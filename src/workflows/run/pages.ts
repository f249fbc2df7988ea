import { ApplicationFailure } from '@temporalio/workflow';
import { recordOf } from '../../lib/guards.ts';
import { bytesOf } from '../../lib/size.ts';
import type { RunRules } from '../../pacing/rules.ts';
import { originOf } from './failures.ts';

/** A page of a list of either service. */
export interface Page<Item> {
  items: readonly Item[] | undefined;
  nextToken: string | undefined;
}

/** Reads one page: the first one without a token, or the one that a token names. */
export type ReadPage<Item> = (summary: string, nextToken: string | undefined) => Promise<Page<Item>>;

/** The published documents define the page size as a string; the services accept only a number. */
export const pageSize = (maxResults: number | string | undefined): number | undefined =>
  maxResults === undefined ? undefined : Number(maxResults);

/**
 * Reads the pages of a list one by one, until the last one or until the caller stops.
 *
 * @param step - the summary of the first call; the summaries of further calls add the number of the page
 * @param most - how many pages to read at most
 * @param from - the token of the first page to read, from the result of an earlier run
 * @throws ApplicationFailure `ValidationException` that says what to do, where the service refuses the token `from`
 */
export async function* pagesOf<Item>(
  step: string,
  most: number,
  read: ReadPage<Item>,
  from?: string,
): AsyncGenerator<Page<Item>> {
  let nextToken = from;
  for (let number = 1; number <= most; number++) {
    let page: Page<Item>;
    try {
      page = await read(number === 1 ? step : `${step} · ${number}`, nextToken);
    } catch (error) {
      throw number === 1 && from !== undefined ? refusalOfToken(step, error) : error;
    }
    yield page;
    nextToken = page.nextToken;
    if (nextToken === undefined) return;
  }
}

/**
 * Reads a list up to the limits of the run's rules: ten pages, and no further page once there are 1,000 items.
 *
 * A page that would make the list larger than the rules allow is left out, and `nextToken` names it. The first page always
 * fits, because the activity that reads a page asks for fewer items where a full page is too large.
 *
 * @param from - see {@link pagesOf}
 * @returns the items, and the token of the next page where there is more
 */
export async function allPages<Item>(
  flow: { readonly facts: { readonly rules: Pick<RunRules, 'lists'> } },
  step: string,
  read: ReadPage<Item>,
  from?: string,
): Promise<{ items: Item[]; nextToken?: string }> {
  const { lists } = flow.facts.rules;
  const items: Item[] = [];
  let bytes = 0;
  let nextToken: string | undefined;
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

/** The service's own message does not say that the refused value is the token of the input. */
function refusalOfToken(step: string, error: unknown): unknown {
  const origin = originOf(error);
  if (origin?.type !== 'ValidationException') return error;
  const { awsMessage } = recordOf(origin.details?.[0]);
  return ApplicationFailure.create({
    type: origin.type,
    message:
      `${step}: the service does not accept the token of the input. A token expires, and is valid only for ` +
      'the list that returned it. Start again without it to list from the beginning.',
    details: [{ awsMessage }],
    cause: origin,
  });
}
