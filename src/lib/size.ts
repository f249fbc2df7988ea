/**
 * The most bytes of one value that is given to Temporal: an input, a result, the details of a failure.
 *
 * The Temporal server refuses a value of more than 2 MiB (`limit.blobSize.error`); it terminates the run whose result or
 * failure is larger. What lies between leaves room for the encoding and for an encrypting payload codec.
 */
export const MOST_BYTES = 2_000_000;

/**
 * How much of that a list may take, be it one page of a service or all pages together. The rest is for what else stands in the
 * same result, such as the outcome of an import.
 */
export const MOST_BYTES_OF_LIST = 1_000_000;

/** The size of a value as Temporal carries it: JSON in UTF-8, where one character takes up to four bytes. */
export function bytesOf(value: unknown): number {
  return new TextEncoder().encode(JSON.stringify(value) ?? '').byteLength;
}

/** The longest beginning of a text that takes no more than so many bytes, with `…` where something was cut off. */
export function cutText(text: string, bytes: number): string {
  if (bytesOf(text) <= bytes) return text;
  let kept = '';
  let size = bytesOf('…');
  for (const character of text) {
    size += bytesOf(character) - 2;
    if (size > bytes) break;
    kept += character;
  }
  return `${kept}…`;
}

/**
 * As many items from the beginning of a list as take no more than so many bytes.
 *
 * @returns the items themselves where all fit
 */
export function cutList<Item>(items: readonly Item[], bytes: number): readonly Item[] {
  let size = 0;
  const end = items.findIndex((item) => (size += bytesOf(item) + 1) > bytes);
  return end < 0 ? items : items.slice(0, end);
}
