export interface Folding {
  readonly prefix: string;
  readonly delimiter: string;
  /** Where the list goes on: behind that key, or behind all keys of that common prefix. */
  readonly after: string;
  readonly most: number;
}

/** One entry of a page: what a key names, or nothing for a prefix that keys have in common. */
export interface Entry<T> {
  readonly name: string;
  readonly object?: T;
}

/**
 * A page of keys, in which those that go on after the delimiter are folded into their common prefix. Keys that are folded
 * are not read one by one: the list goes on behind them.
 *
 * @param keysAfter - the keys behind a key, in order
 * @param find - what the key names; nothing if it is gone by now
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

/** The part of a key up to the first delimiter behind the prefix; undefined for a key that a list shows by itself. */
export function commonPrefixOf(
  key: string,
  { prefix, delimiter }: Pick<Folding, 'prefix' | 'delimiter'>,
): string | undefined {
  const cut = delimiter ? key.indexOf(delimiter, prefix.length) : -1;
  return cut === -1 || !key.startsWith(prefix) ? undefined : key.slice(0, cut + delimiter.length);
}

/** The last key, or nearly, that starts with a prefix. */
const behind = (prefix: string) => `${prefix}\u{10ffff}`;
