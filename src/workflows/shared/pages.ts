/** A page of one of the services' lists, in the words that both share. */
export interface Page<Item> {
  items: readonly Item[] | undefined;
  nextToken: string | undefined;
}

/** The published documents have it as text; the services do not take that. */
export const pageSize = (maxResults: number | string | undefined): number | undefined =>
  maxResults === undefined ? undefined : Number(maxResults);

/** How much a run lists: it all stands in the history, where 2 MB is the most for one value. */
const MOST_ITEMS = 1_000;
const MOST_CHARACTERS = 1_000_000;
const MOST_PAGES = 10;

/**
 * Reads the pages of a list one by one, until the last, or until nobody wants another.
 *
 * @param step - the summary of the first call; those of further pages count on
 * @param most - how many pages to read at the most
 * @param read - reads one page; the first has no token
 */
export async function* pagesOf<Item>(
  step: string,
  most: number,
  read: (summary: string, nextToken: string | undefined) => Promise<Page<Item>>,
): AsyncGenerator<Page<Item>> {
  let nextToken: string | undefined;
  for (let number = 1; number <= most; number++) {
    const page = await read(number === 1 ? step : `${step} · ${number}`, nextToken);
    yield page;
    nextToken = page.nextToken;
    if (nextToken === undefined) return;
  }
}

/**
 * Lists all that a step of a document asks for: ten pages at the most, and none after the one that makes it 1,000 items.
 *
 * @param step - of the document
 * @param read - reads one page
 * @returns the items, and the token of the next page where there is more
 */
export async function allPages<Item>(
  step: string,
  read: (summary: string, nextToken: string | undefined) => Promise<Page<Item>>,
): Promise<{ items: Item[]; nextToken?: string }> {
  const items: Item[] = [];
  let nextToken: string | undefined;
  for await (const page of pagesOf(step, MOST_PAGES, read)) {
    items.push(...(page.items ?? []));
    ({ nextToken } = page);
    if (items.length >= MOST_ITEMS || JSON.stringify(items).length >= MOST_CHARACTERS) break;
  }
  return { items, ...(nextToken !== undefined && { nextToken }) };
}
