import { isUtf8 } from 'node:buffer';

/** Thrown for a file that is not UTF-8, such as one in Latin-1 or a compressed one. */
export class NotUtf8 extends Error {}

const LINE_FEED = 0x0a;
const BYTE_ORDER_MARK = '\uFEFF';

/**
 * Reads the lines of an ndjson file, in groups. A line that exceeds the limit is undefined and is never in memory as a whole.
 *
 * Only a line feed ends a line: a carriage return before it is JSON whitespace, and U+2028 is allowed in JSON strings. A byte
 * order mark at the beginning of the file is removed.
 *
 * @throws NotUtf8 if the file is not valid UTF-8
 */
export async function* readLines(
  pieces: AsyncIterable<Buffer>,
  maxLineBytes: number,
): AsyncGenerator<(string | undefined)[]> {
  /** The beginning of a line that continues in the next piece. */
  let begun: Buffer[] = [];
  let begunBytes = 0;
  let isFirst = true;
  const goOn = (part: Buffer) => {
    begunBytes += part.byteLength;
    if (begunBytes > maxLineBytes) begun = [];
    else begun.push(part);
  };
  const group = (text: string) => {
    const lines = (isFirst && text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text).split('\n');
    isFirst = false;
    return lines.map((line) => (isLonger(line, maxLineBytes) ? undefined : line));
  };
  const end = () => {
    const line = begunBytes > maxLineBytes ? [undefined] : group(decoded(Buffer.concat(begun)));
    begun = [];
    begunBytes = 0;
    return line;
  };

  for await (const piece of pieces) {
    const first = piece.indexOf(LINE_FEED);
    const last = piece.lastIndexOf(LINE_FEED);
    goOn(first < 0 ? piece : piece.subarray(0, first));
    if (first < 0) continue;
    yield end();
    if (last > first) yield group(decoded(piece.subarray(first + 1, last)));
    goOn(piece.subarray(last + 1));
  }
  yield end();
}

function decoded(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw new NotUtf8();
  return bytes.toString('utf8');
}

const isLonger = (line: string, bytes: number) =>
  // No UTF-16 code unit takes more than three bytes of UTF-8.
  line.length * 3 > bytes && Buffer.byteLength(line) > bytes;
