export interface Folding {
  readonly prefix: string;
  readonly delimiter: string;
  /** The list continues after this key or, if it is a common prefix, after all keys with this prefix. */
  readonly after: string;
  readonly most: number;
}

/** One entry of a page: a key with its object, or a common prefix, which has no object. */
export interface Entry<T> {
  readonly name: string;
  readonly object?: T;
}

/**
 * A page of a list. Keys with the delimiter after the prefix are grouped into their common prefix: with the delimiter `/`, the
 * keys `a/1` and `a/2` become the one entry `a/`. Grouped keys are not read one by one: the list continues after the last.
 *
 * @param keysAfter - gives the keys after a key, in order
 * @param find - gives the object of a key; undefined if it has been deleted meanwhile
 */
export function foldedPage<T>(
  { prefix, delimiter, after, most }: Folding,
  keysAfter: (key: string) => Iterator<string>,
  find: (key: string) => T | undefined,
): { entries: Entry<T>[]; isTruncated: boolean } {
  const commonPrefix = (key: string) => commonPrefixOf(key, { prefix, delimiter });
  const entries: Entry<T>[] = [];
  let folded = commonPrefix(after) === after ? after : undefined;
  let keys = keysAfter(folded === undefined ? after : behind(folded));
  for (;;) {
    const { done, value: key } = keys.next();
    if (done) return { entries, isTruncated: false };
    const object = folded !== undefined && key.startsWith(folded) ? undefined : find(key);
    if (object === undefined) continue;
    if (entries.length >= most) return { entries, isTruncated: most > 0 };
    folded = commonPrefix(key);
    if (folded === undefined) entries.push({ name: key, object });
    else {
      entries.push({ name: folded });
      keys = keysAfter(behind(folded));
    }
  }
}

/** The part of a key up to the first delimiter after the prefix; undefined for a key without one, which is listed by itself. */
export function commonPrefixOf(
  key: string,
  { prefix, delimiter }: Pick<Folding, 'prefix' | 'delimiter'>,
): string | undefined {
  const cut = delimiter ? key.indexOf(delimiter, prefix.length) : -1;
  return cut === -1 || !key.startsWith(prefix) ? undefined : key.slice(0, cut + delimiter.length);
}

/** A text that sorts after the keys with a prefix, because U+10FFFF is the last character of Unicode. */
const behind = (prefix: string) => `${prefix}\u{10ffff}`;
