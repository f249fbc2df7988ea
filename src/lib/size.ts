/**
 * The maximum size of one value that is passed to Temporal: an input, a result, or the details of a failure.
 *
 * The Temporal server rejects a value of more than 2 MiB (`limit.blobSize.error`), and terminates a run whose result or
 * failure is larger. The difference leaves room for the encoding and for a payload codec that encrypts.
 */
export const MOST_BYTES = 2_000_000;

/**
 * The maximum size of a list in such a value, for one page of a service or for all pages together. The rest is for the other
 * members of the same result, such as the outcome of an import.
 */
export const MOST_BYTES_OF_LIST = 1_000_000;

/** The size of a value as Temporal stores it: JSON in UTF-8, in which a character takes up to four bytes. */
export function bytesOf(value: unknown): number {
  return new TextEncoder().encode(JSON.stringify(value) ?? '').byteLength;
}

/** The longest prefix of a text that fits into `bytes` bytes. It ends with `…` if the text was cut. */
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
 * The first items of a list that together fit into `bytes` bytes.
 *
 * @returns the same list if all fit
 */
export function cutList<Item>(items: readonly Item[], bytes: number): readonly Item[] {
  let size = 0;
  const end = items.findIndex((item) => (size += bytesOf(item) + 1) > bytes);
  return end < 0 ? items : items.slice(0, end);
}
