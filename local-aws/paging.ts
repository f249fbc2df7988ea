import { invalid } from './errors.ts';

type Sortable = string | number | boolean;

/** How a list is sorted: by the value of `by`, and items with the same value by their ids; greatest first, unless `ascending`. */
export interface Order<T> {
  readonly by: (item: T) => Sortable;
  readonly id: (item: T) => string;
  readonly ascending?: boolean;
}

export const newestDatastore: Order<{ readonly createdAt: number; readonly datastoreId: string }> = {
  by: ({ createdAt }) => createdAt,
  id: ({ datastoreId }) => datastoreId,
};

export const newestJob: Order<{ readonly submittedAt: number; readonly jobId: string }> = {
  by: ({ submittedAt }) => submittedAt,
  id: ({ jobId }) => jobId,
};

/** The position of an item in a sorted list. */
type Place = readonly [by: Sortable, id: string];

/**
 * Returns the page of a list that a token asks for, sorted. The token holds the position of the last item of the page before.
 * Items that are added or removed between two pages, even this last item, therefore do not make other items appear twice or be
 * left out. The list itself is not sorted: of 100,000 items, only some hundred are copied.
 *
 * @throws ServiceError ValidationException for a token that {@link pageOf} has not returned
 */
export function pageOf<T>(
  items: Iterable<T>,
  order: Order<T>,
  { size = 50, token }: { size?: number | undefined; token?: string | undefined },
): { items: T[]; nextToken?: string } {
  const after = token === undefined ? undefined : readToken(token);
  // Finds one item more than the page holds. If there is such an item, another page follows.
  const found = first(items, order, { count: size + 1, after });
  const page = found.slice(0, size);
  const last = page.at(-1);
  return {
    items: page.map(({ item }) => item),
    ...(last && found.length > size && { nextToken: toToken(last.place) }),
  };
}

/** The first `count` items after a position, sorted. */
function first<T>(
  items: Iterable<T>,
  { by, id, ascending = false }: Order<T>,
  { count, after }: { count: number; after: Place | undefined },
): { item: T; place: Place }[] {
  let found: { item: T; place: Place }[] = [];
  let last: Place | undefined;
  const keepFirst = () => {
    found = found.sort((a, b) => compare(a.place, b.place, ascending)).slice(0, count);
    if (found.length === count) last = found.at(-1)?.place;
  };
  for (const item of items) {
    const place: Place = [by(item), id(item)];
    if (after && compare(place, after, ascending) <= 0) continue;
    if (last && compare(place, last, ascending) > 0) continue;
    found.push({ item, place });
    if (found.length >= 4 * count) keepFirst();
  }
  keepFirst();
  return found;
}

function compare(a: Place, b: Place, ascending: boolean): number {
  const [left, right] = a[0] === b[0] ? [a[1], b[1]] : [a[0], b[0]];
  if (left === right) return 0;
  return left < right === ascending ? -1 : 1;
}

const toToken = (place: Place) => Buffer.from(JSON.stringify(place)).toString('base64url');

function readToken(token: string): Place {
  try {
    const [by, id] = JSON.parse(Buffer.from(token, 'base64url').toString());
    if (['string', 'number', 'boolean'].includes(typeof by) && typeof id === 'string') return [by, id];
  } catch {
    // Not a token of `toToken`.
  }
  throw invalid('nextToken is not one that this list gave.');
}
