import { findBrowser } from '../../dev/recording/browser.ts';
import { type Frame, framesOf } from '../../dev/recording/frames.ts';
import { svgOf } from '../../dev/recording/svg.ts';
import { record } from '../../dev/recording/take.ts';

const size = { columns: 20, rows: 3 };
const textOf = ({ lines }: Frame) => lines.map((line) => line.map(({ text }) => text).join(''));

describe('frames of terminal output', () => {
  it('contain the text with its styles, by the escape sequences of ECMA-48 (SGR)', async () => {
    const text = '\u001B[1mbold\u001B[22m \u001B[31mred\u001B[39m\r\n\r\n\u001B[2mdim\u001B[22m   ';
    const [frame] = await framesOf([{ at: 7, text }], size);
    const plain = { colour: undefined, bold: false, dim: false };
    expect(frame).toEqual({
      at: 7,
      lines: [
        [
          { ...plain, column: 0, text: 'bold', bold: true },
          { ...plain, column: 4, text: ' ' },
          { ...plain, column: 5, text: 'red', colour: 1 },
        ],
        [],
        [{ ...plain, column: 0, text: 'dim', dim: true }],
      ],
    });
  });

  it('show the screen: text that was overwritten or has scrolled away is absent', async () => {
    const frames = await framesOf(
      [
        { at: 0, text: '⠋ waiting' },
        { at: 1_000, text: '\r\u001B[2K✔ done\r\n1\r\n2\r\n3' },
      ],
      size,
    );
    expect(frames.map(textOf)).toEqual([['⠋ waiting'], ['1', '2', '3']]);
  });

  it('are merged if the screen changes within 300 ms, and omitted if it does not change', async () => {
    const frames = await framesOf(
      [
        { at: 0, text: 'a' },
        { at: 299, text: 'b' },
        { at: 600, text: '\u001B[0m' },
        { at: 1_000, text: 'c' },
      ],
      size,
    );
    expect(frames.map((frame) => [frame.at, ...textOf(frame)])).toEqual([
      [0, 'ab'],
      [1_000, 'abc'],
    ]);
  });
});

describe('an SVG of frames', () => {
  const options = { title: 'a & b', columns: 20 };

  it('shows text and colours, and escapes the reserved characters of XML', async () => {
    const frames = await framesOf([{ at: 0, text: '\u001B[32m<ok>\u001B[39m & \u001B[1mbold' }], size);
    const svg = svgOf(frames, options);
    expect(svg).toContain('<title>a &amp; b</title>');
    expect(svg).toContain('<tspan x="0" style="fill:#56d364">&lt;ok&gt;</tspan>');
    expect(svg).toContain('<tspan x="59" class="bold">bold</tspan>');
    expect(svg).not.toContain('@keyframes');
  });

  it('plays several frames in sequence, each for two seconds at most, except the last', async () => {
    const outputs = [
      { at: 0, text: 'first' },
      { at: 60_000, text: '\r\nsecond' },
    ];
    const svg = svgOf(await framesOf(outputs, size), options);
    // The frames last 2 s and 6 s, so the second begins after a quarter of the time.
    expect(svg).toContain('animation: film 8000ms step-end infinite');
    expect(svg).toMatch(/25\.000% \{ transform: translateX\(-\d+px\) \}/);
    // A line that both frames contain is defined once.
    expect(svg.match(/first/g)).toHaveLength(1);
    expect(svg.match(/<use href="#l0"/g)).toHaveLength(2);
  });
});

describe('a recorded command', () => {
  it('runs on a terminal of the given size, below the typed command', async () => {
    const command = 'test -t 1 && stty size';
    const [frame] = (await framesOf(await record(command, size), { columns: 40, rows: 3 })).slice(-1);
    expect(frame && textOf(frame)).toEqual([`$ ${command}`, '3 20']);
  });

  it('must succeed, because nobody would notice a picture of a failure', async () => {
    await expect(record('echo broken; exit 3', size)).rejects.toThrow(/code 3:[^]*\nbroken/);
  });
});

test('findBrowser returns undefined on a machine without a browser', () => {
  const { PATH } = process.env;
  process.env['PATH'] = '/nonexistent';
  try {
    expect(findBrowser()).toBeUndefined();
  } finally {
    process.env['PATH'] = PATH;
  }
});
