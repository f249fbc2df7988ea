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
export type Place = readonly [by: Sortable, id: string];

export const placeOf = <T>(item: T, { by, id }: Order<T>): Place => [by(item), id(item)];

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
  return toPage(first(items, order, { count: size + 1, after }), size);
}

/**
 * The same for items whose places are sorted already, the smallest first. The page begins with the greatest.
 *
 * @param find - the item with an id
 */
export function pageOfSorted<T>(
  places: readonly Place[],
  find: (id: string) => T | undefined,
  isWanted: (item: T) => boolean,
  { size = 50, token }: { size?: number | undefined; token?: string | undefined },
): { items: T[]; nextToken?: string } {
  const found: Found<T>[] = [];
  let at = token === undefined ? places.length : countBefore(places, readToken(token));
  while (at > 0 && found.length <= size) {
    const place = places[--at];
    const item = place && find(place[1]);
    if (place && item !== undefined && isWanted(item)) found.push({ item, place });
  }
  return toPage(found, size);
}

/** Inserts a place into sorted ones. That is fast if it belongs at the end, as that of a new job does. */
export function insertInto(places: Place[], place: Place): void {
  const last = places.at(-1);
  if (!last || compare(last, place, true) < 0) places.push(place);
  else places.splice(countBefore(places, place), 0, place);
}

/** How many of the sorted places are smaller (a binary search). */
function countBefore(places: readonly Place[], place: Place): number {
  let [low, high] = [0, places.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const other = places[middle];
    if (other && compare(other, place, true) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

interface Found<T> {
  readonly item: T;
  readonly place: Place;
}

/** @param found - the items of the page and, if another page follows, one more */
function toPage<T>(found: readonly Found<T>[], size: number): { items: T[]; nextToken?: string } {
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
  order: Order<T>,
  { count, after }: { count: number; after: Place | undefined },
): Found<T>[] {
  const { ascending = false } = order;
  let found: Found<T>[] = [];
  let last: Place | undefined;
  const keepFirst = () => {
    found = found.sort((a, b) => compare(a.place, b.place, ascending)).slice(0, count);
    if (found.length === count) last = found.at(-1)?.place;
  };
  for (const item of items) {
    const place = placeOf(item, order);
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
