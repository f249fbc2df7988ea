import { invalid } from './errors.ts';

type Sortable = string | number | boolean;

/** By what a list is sorted, greatest first; between equals the ids decide. */
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

/** Where in a list an item stands. */
type Place = readonly [by: Sortable, id: string];

/**
 * Sorts a list and gives one page of it. The token is the place of the last item of the page before, so that items which
 * come or go in between, that last one too, neither repeat nor hide others.
 *
 * @throws ServiceError ValidationException for a token that no list gave
 */
export function pageOf<T>(
  items: readonly T[],
  { by, id, ascending = false }: Order<T>,
  { size = 50, token }: { size?: number | undefined; token?: string | undefined },
): { items: T[]; nextToken?: string } {
  const after = token === undefined ? undefined : readToken(token);
  const places = items
    .map((item) => ({ item, place: [by(item), id(item)] as const }))
    .toSorted((a, b) => compare(a.place, b.place, ascending))
    .filter(({ place }) => !after || compare(place, after, ascending) > 0);
  const page = places.slice(0, size);
  const last = page.at(-1);
  return {
    items: page.map(({ item }) => item),
    ...(last && places.length > size && { nextToken: toToken(last.place) }),
  };
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
    // Not ours.
  }
  throw invalid('nextToken is not one that this list gave.');
}
