/** Renders frames of a terminal as an SVG that is animated with CSS only, because a README may not contain scripts. */
import type { Frame, Line, Span } from './frames.ts';

/** In pixels. Characters of common monospace fonts are 0.6 em wide or slightly more, and must not be cut off. */
const FONT_SIZE = 14;
const CHARACTER_WIDTH = 8.43;
const LINE_HEIGHT = 19;
const PADDING = 16;

/** The maximum duration of a frame, however long the recorded command waited; and the duration of the last frame. */
const LONGEST_FRAME_MS = 2_000;
const LAST_FRAME_MS = 6_000;

const BACKGROUND = '#0d1117';
const FOREGROUND = '#d6dde5';
/** The 16 terminal colours: black, red, green, yellow, blue, magenta, cyan, white, and their bright variants. */
const COLOURS = [
  '#484f58 #ff7b72 #56d364 #e3b341 #79c0ff #d2a8ff #56d4dd #d6dde5',
  '#6e7681 #ffa198 #7ee787 #f2cc60 #a5d6ff #e2c5ff #b3f0ff #ffffff',
].flatMap((eight) => eight.split(' '));

export interface PictureOptions {
  /** The alternative text for screen readers. */
  readonly title: string;
  /** The width of the terminal, in characters. */
  readonly columns: number;
}

/**
 * One frame makes a still picture, several make an animation that repeats. With the setting for reduced motion, a browser shows
 * only the last frame.
 *
 * @param frames - at least one
 * @returns the SVG document, with the height of the highest frame
 */
export function svgOf(frames: readonly Frame[], { title, columns }: PictureOptions): string {
  const width = Math.ceil(columns * CHARACTER_WIDTH);
  const height = Math.max(...frames.map(({ lines }) => lines.length)) * LINE_HEIGHT;
  const [outerWidth, outerHeight] = [width + 2 * PADDING, height + 2 * PADDING];
  const { definitions, drawn } = draw(frames, width);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${outerWidth} ${outerHeight}" width="${outerWidth}" height="${outerHeight}" role="img">
<title>${escape(title)}</title>
<style>
text { font: ${FONT_SIZE}px ui-monospace, 'SFMono-Regular', Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace; fill: ${FOREGROUND}; white-space: pre }
.bold { font-weight: bold }
.dim { fill-opacity: 0.65 }
${filmStyle(frames, width)}</style>
<rect width="100%" height="100%" rx="8" fill="${BACKGROUND}"/>
<defs>
${definitions.join('\n')}
</defs>
<svg x="${PADDING}" y="${PADDING}" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">
<g class="film">
${drawn.join('\n')}
</g>
</svg>
</svg>
`;
}

/**
 * The frames side by side, as on a strip of film. A line that occurs in many frames is defined once and referenced.
 */
function draw(frames: readonly Frame[], width: number): { definitions: string[]; drawn: string[] } {
  const ids = new Map<string, string>();
  const use = (line: Line, row: number): string => {
    if (line.length === 0) return '';
    const text = `<text>${line.map(spanText).join('')}</text>`;
    const id = ids.get(text) ?? `l${ids.size}`;
    ids.set(text, id);
    return `<use href="#${id}" y="${row * LINE_HEIGHT + FONT_SIZE}"/>`;
  };
  const drawn = frames.map(
    ({ lines }, index) => `<g transform="translate(${index * width})">${lines.map(use).join('')}</g>`,
  );
  const definitions = [...ids].map(([text, id]) => text.replace('<text', `<text id="${id}"`));
  return { definitions, drawn };
}

function spanText({ column, text, colour, bold, dim }: Span): string {
  const classes = [bold && 'bold', dim && 'dim'].filter(Boolean).join(' ');
  const attributes = [
    `x="${Number((column * CHARACTER_WIDTH).toFixed(1))}"`,
    classes && `class="${classes}"`,
    colour !== undefined && `style="fill:${COLOURS[colour]}"`,
  ];
  return `<tspan ${attributes.filter(Boolean).join(' ')}>${escape(text)}</tspan>`;
}

/** Moves the strip by one frame at a time. Without animation it shows the last frame. */
function filmStyle(frames: readonly Frame[], width: number): string {
  if (frames.length === 1) return '';
  const durations = frames.map(({ at }, index) => {
    const next = frames[index + 1];
    return next === undefined ? LAST_FRAME_MS : Math.min(next.at - at, LONGEST_FRAME_MS);
  });
  const total = durations.reduce((sum, duration) => sum + duration, 0);
  let began = 0;
  const steps = durations.map((duration, index) => {
    const step = `${((began / total) * 100).toFixed(3)}% { transform: translateX(${-index * width}px) }`;
    began += duration;
    return step;
  });
  const last = `transform: translateX(${-(frames.length - 1) * width}px)`;
  return `.film { ${last}; animation: film ${total}ms step-end infinite }
@media (prefers-reduced-motion: reduce) { .film { animation: none } }
@keyframes film {
${steps.join('\n')}
}
`;
}

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
