const NEWLINE = 0x0a;

/**
 * The non-empty lines of a stream of UTF-8 text. In ndjson a line ends at `\n` (a `\r` before it is JSON white space).
 *
 * Node's `readline` cannot be used: since Node 24 it also ends a line at U+2028 and U+2029, which JSON allows within
 * strings. A failure with one of them in its message or file name would be counted twice.
 */
export async function* linesOf(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<string> {
  let begun: Uint8Array[] = [];
  for await (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      yield* nonEmpty([...begun, chunk.subarray(from, end)]);
      begun = [];
      from = end + 1;
    }
    begun.push(chunk.subarray(from));
  }
  yield* nonEmpty(begun);
}

/** Decodes the line as a whole, because a chunk may end in the middle of a character. */
function nonEmpty(parts: readonly Uint8Array[]): string[] {
  const line = Buffer.concat(parts).toString('utf8');
  return line.trim() === '' ? [] : [line];
}
