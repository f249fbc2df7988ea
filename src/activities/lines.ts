const NEWLINE = 0x0a;

/**
 * The lines of a stream of UTF-8 text, without empty ones. As ndjson has it, a line ends at `\n` (a `\r` before it is
 * white space of JSON).
 *
 * Node's `readline` is not used: from Node 24 on it also ends a line at U+2028 and U+2029, which JSON allows within
 * texts. A failure whose message or file name holds one of them was counted as two.
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

/** Decoded as a whole line, since a chunk may end in the middle of a character. */
function nonEmpty(parts: readonly Uint8Array[]): string[] {
  const line = Buffer.concat(parts).toString('utf8');
  return line.trim() === '' ? [] : [line];
}
