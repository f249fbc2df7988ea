/** Converts terminal output to the frames that a terminal emulator shows. */
import { createRequire } from 'node:module';
import type * as Xterm from '@xterm/headless';
import type { Output, Size } from './take.ts';

// The package is CommonJS, and Node does not detect its named exports.
const xterm = createRequire(import.meta.url)('@xterm/headless') as typeof Xterm;

/** Text in one style. Backgrounds and styles that our programs do not use are omitted. */
export interface Span {
  readonly column: number;
  readonly text: string;
  /** One of the terminal's 16 colours; undefined for the default foreground. */
  readonly colour: number | undefined;
  readonly bold: boolean;
  readonly dim: boolean;
}

export type Line = readonly Span[];

export interface Frame {
  /** Milliseconds since the start of the recording. */
  readonly at: number;
  /** The rows from the top of the window, without the empty rows at its end. */
  readonly lines: readonly Line[];
}

/** Changes within this time are merged into one frame. Otherwise a spinner would produce twelve frames per second. */
const SHORTEST_FRAME_MS = 300;

/** @returns the frames, without repeated ones; the first one at the first output */
export async function framesOf(outputs: readonly Output[], { columns, rows }: Size): Promise<Frame[]> {
  const terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
  const frames: Frame[] = [];
  let shown = '';
  let began: number | undefined;
  for (const [index, { at, text }] of outputs.entries()) {
    await new Promise<void>((resolve) => terminal.write(text, resolve));
    began ??= at;
    const next = outputs[index + 1];
    if (next !== undefined && next.at - began < SHORTEST_FRAME_MS) continue;
    const lines = screenOf(terminal);
    const now = JSON.stringify(lines);
    if (now !== shown) frames.push({ at: began, lines });
    shown = now;
    began = undefined;
  }
  terminal.dispose();
  return frames;
}

function screenOf({ buffer: { active }, rows }: Xterm.Terminal): Line[] {
  const lines = Array.from({ length: rows }, (_, row) => {
    const line = active.getLine(active.viewportY + row);
    return line === undefined ? [] : spansOf(line);
  });
  return lines.slice(0, lines.findLastIndex((line) => line.length > 0) + 1);
}

function spansOf(line: Xterm.IBufferLine): Line {
  const spans: Span[] = [];
  for (let column = 0; column < line.length; column += 1) {
    const cell = line.getCell(column);
    // The second cell of a wide character has the width 0.
    if (cell === undefined || cell.getWidth() === 0) continue;
    const text = cell.getChars() || ' ';
    const style = styleOf(cell);
    const last = spans.at(-1);
    if (last !== undefined && hasStyle(last, style))
      spans[spans.length - 1] = { ...last, text: last.text + text };
    else spans.push({ column, text, ...style });
  }
  return spans
    .map((span, index) => (index === spans.length - 1 ? { ...span, text: span.text.trimEnd() } : span))
    .filter(({ text }) => text !== '');
}

type Style = Pick<Span, 'colour' | 'bold' | 'dim'>;

const styleOf = (cell: Xterm.IBufferCell): Style => ({
  colour: cell.isFgPalette() && cell.getFgColor() < 16 ? cell.getFgColor() : undefined,
  bold: cell.isBold() !== 0,
  dim: cell.isDim() !== 0,
});

const hasStyle = (span: Span, { colour, bold, dim }: Style): boolean =>
  span.colour === colour && span.bold === bold && span.dim === dim;
