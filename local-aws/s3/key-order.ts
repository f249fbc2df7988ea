/**
 * Compares keys as S3 sorts them: by the bytes of UTF-8. JavaScript compares UTF-16 units, in which a character beyond
 * U+FFFF (two surrogates, from U+D800) comes before U+E000.
 */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

/** A number for a UTF-16 unit that orders surrogates after all other units. */
const rank = (unit: number) => (unit >= 0xd800 && unit < 0xe000 ? unit + 0x2800 : unit);

/** Sorts in place. Names without surrogates are sorted by JavaScript's own order, which is the same for them and faster. */
export function sortKeys(names: string[]): string[] {
  return names.some((name) => /[\ud800-\udfff]/.test(name)) ? names.sort(compareKeys) : names.sort();
}

/** The index of the first of the sorted names that is not before `name`. */
export function lowerBound(names: readonly string[], name: string): number {
  let [low, high] = [0, names.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareKeys(names[middle] ?? '', name) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Merges two sorted lists into one sorted list without duplicates. */
export function* merged(one: Iterator<string>, other: Iterator<string>): Generator<string> {
  let [a, b] = [one.next(), other.next()];
  while (!a.done || !b.done) {
    const order = a.done ? 1 : b.done ? -1 : compareKeys(a.value, b.value);
    yield order <= 0 ? a.value : b.value;
    if (order <= 0) a = one.next();
    if (order >= 0) b = other.next();
  }
}
