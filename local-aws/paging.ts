import { invalid } from './errors.ts';

/**
 * One page of a list. The token names the last item of the page before, so that items which come or go in between
 * neither repeat nor hide others.
 *
 * @throws ServiceError ValidationException for a token that is not from this list
 */
export function pageOf<T>(
  items: readonly T[],
  idOf: (item: T) => string,
  { size = 50, token }: { size?: number | undefined; token?: string | undefined },
): { items: T[]; nextToken?: string } {
  const start = token === undefined ? 0 : indexAfter(items.map(idOf), token);
  const page = items.slice(start, start + size);
  const last = page.at(-1);
  return start + size < items.length && last
    ? { items: page, nextToken: Buffer.from(idOf(last)).toString('base64url') }
    : { items: page };
}

function indexAfter(ids: readonly string[], token: string): number {
  const index = ids.indexOf(Buffer.from(token, 'base64url').toString());
  if (index === -1) throw invalid('nextToken is not one that this list gave.');
  return index + 1;
}
