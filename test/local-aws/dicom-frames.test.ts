import { bytes, framesOf, part10, syntaxes, words, type TestElement } from './part10.ts';

const PIXELS = '7FE00010';
const frames = (count: number): TestElement => ['00280008', 'IS', String(count)];
/** A JPEG codestream in a fragment: what matters is how it ends. */
const jpeg = (from: number) => Buffer.concat([bytes(6, from), Buffer.from('ffd9', 'hex')]);
const encapsulated = (table: readonly number[], fragments: readonly Buffer[]): TestElement => [
  PIXELS,
  'OB',
  { table, fragments },
];

describe('native pixel data', () => {
  test('are cut into frames by the size of the image; what is behind the last frame are no pixels', async () => {
    const file = part10([frames(2), [PIXELS, 'OB', bytes(48)]]);
    expect(await framesOf(file)).toEqual({ frames: [bytes(16), bytes(16, 16)], warnings: [] });
  });

  test('of an odd number of bytes end before their padding', async () => {
    const file = part10([
      ['00280010', 'US', words(3)],
      ['00280011', 'US', words(3)],
      [PIXELS, 'OB', Buffer.concat([bytes(9, 1), Buffer.alloc(1)])],
    ]);
    expect((await framesOf(file)).frames).toEqual([bytes(9, 1)]);
  });

  test('of fewer bytes than the frames need have none, and a warning', async () => {
    expect(await framesOf(part10([frames(3), [PIXELS, 'OB', bytes(32)]]))).toEqual({
      frames: [],
      warnings: [45328],
    });
  });

  test('that the file ends in the middle of have none, and a warning', async () => {
    const file = part10([[PIXELS, 'OB', bytes(16)]]);
    expect(await framesOf(file.subarray(0, file.length - 1))).toEqual({ frames: [], warnings: [45328] });
  });

  test('of single bits follow each other within a byte', async () => {
    // Two frames of 3 × 3 bits: 9 ones, then 101010101.
    const bits = '111111111101010101'.split('').map(Number);
    const packed = Buffer.alloc(4);
    for (const [i, bit] of bits.entries()) packed[i >> 3] = (packed[i >> 3] ?? 0) | (bit << (i & 7));
    const file = part10([
      frames(2),
      ['00280010', 'US', words(3)],
      ['00280011', 'US', words(3)],
      ['00280100', 'US', words(1)],
      [PIXELS, 'OB', packed],
    ]);
    expect((await framesOf(file)).frames).toEqual([
      Buffer.from([0b11111111, 0b1]),
      Buffer.from([0b01010101, 0b1]),
    ]);
  });

  test('of YBR_FULL_422 have two bytes a pixel, or three where the writer has expanded them', async () => {
    const ybr: TestElement[] = [
      ['00280002', 'US', words(3)],
      ['00280004', 'CS', 'YBR_FULL_422'],
    ];
    expect((await framesOf(part10([...ybr, [PIXELS, 'OB', bytes(32)]]))).frames).toEqual([bytes(32)]);
    expect((await framesOf(part10([...ybr, [PIXELS, 'OB', bytes(48)]]))).frames).toEqual([bytes(48)]);
  });

  test('in big endian and deflated files are the bytes as they stand there', async () => {
    const wide: TestElement[] = [['00280100', 'US', Buffer.from([0, 16])]];
    const size = [
      ['00280002', 'US', Buffer.from([0, 1])],
      ['00280010', 'US', Buffer.from([0, 4])],
      ['00280011', 'US', Buffer.from([0, 4])],
    ] satisfies TestElement[];
    const big = part10([...size, ...wide, [PIXELS, 'OW', bytes(32)]], syntaxes.bigEndian);
    expect((await framesOf(big)).frames).toEqual([bytes(32)]);
    const deflated = part10([[PIXELS, 'OB', bytes(16)]], syntaxes.deflated);
    expect((await framesOf(deflated)).frames).toEqual([bytes(16)]);
  });
});

describe('encapsulated pixel data', () => {
  const [a, b, c, d] = [jpeg(0), bytes(8, 20), jpeg(40), jpeg(60)];

  test.each<[string, number, readonly number[], readonly Buffer[], readonly Buffer[]]>([
    ['an empty table and one frame are one frame of all fragments', 1, [], [b, a], [Buffer.concat([b, a])]],
    ['an empty table and a fragment for each frame', 2, [], [a, c], [a, c]],
    [
      'an empty table and more fragments end where a codestream does',
      2,
      [],
      [b, a, c],
      [Buffer.concat([b, a]), c],
    ],
    [
      'a table that names the first fragment of each frame',
      2,
      [0, 32],
      [b, a, c],
      [Buffer.concat([b, a]), c],
    ],
    ['a table with an entry for each fragment', 3, [0, 16, 32], [a, c, d], [a, c, d]],
  ])('with %s', async (_, count, table, fragments, expected) => {
    const file = part10([frames(count), encapsulated(table, fragments)], syntaxes.jpeg);
    expect(await framesOf(file)).toEqual({ frames: expected, warnings: [] });
  });

  test.each<[string, number, readonly number[], readonly Buffer[], number]>([
    ['no fragment at all', 1, [], [], 45328],
    ['a fragment without bytes', 2, [], [a, Buffer.alloc(0)], 45328],
    ['fewer fragments than frames', 3, [], [a, c], 45329],
    ['codestreams that end more often than there are frames', 2, [], [a, c, d], 45329],
    ['a table of more frames than NumberOfFrames', 1, [0, 16], [a, c], 45329],
    ['a table that points between fragments', 2, [0, 15], [a, c], 45330],
    ['a table that goes backwards', 2, [16, 0], [a, c], 45330],
    ['a table that does not begin with the first fragment', 1, [16], [a, c], 45330],
  ])('with %s have no frames, and a warning', async (_, count, table, fragments, code) => {
    const file = part10([frames(count), encapsulated(table, fragments)], syntaxes.jpeg);
    expect(await framesOf(file)).toEqual({ frames: [], warnings: [code] });
  });

  test('that the file ends in the middle of have no frames, and a warning', async () => {
    const file = part10([encapsulated([], [a])], syntaxes.jpeg);
    expect(await framesOf(file.subarray(0, file.length - 12))).toEqual({ frames: [], warnings: [45328] });
  });

  test('with an extended table are without the padding of each frame, or without frames where it is wrong', async () => {
    const uint64 = (...numbers: number[]) => {
      const buffer = Buffer.alloc(numbers.length * 8);
      for (const [i, number] of numbers.entries()) buffer.writeBigUInt64LE(BigInt(number), i * 8);
      return buffer;
    };
    const file = (offsets: Buffer, lengths: Buffer) =>
      part10(
        [frames(2), ['7FE00001', 'OV', offsets], ['7FE00002', 'OV', lengths], encapsulated([], [a, c])],
        syntaxes.jpeg,
      );
    expect(await framesOf(file(uint64(0, 16), uint64(7, 8)))).toEqual({
      frames: [a.subarray(0, 7), c],
      warnings: [],
    });
    expect((await framesOf(file(uint64(0, 8), uint64(7, 8)))).warnings).toEqual([45330]);
    expect((await framesOf(file(uint64(0, 16), uint64(7, 9)))).warnings).toEqual([45330]);
    expect((await framesOf(file(uint64(0), uint64(7)))).warnings).toEqual([45329]);
  });

  test('of a video are one object, however many frames and fragments there are', async () => {
    const file = part10([frames(4), encapsulated([], [b, c])], syntaxes.mpeg4);
    expect(await framesOf(file)).toEqual({ frames: [Buffer.concat([b, c])], warnings: [] });
  });
});

test('an instance without pixel data has no frames and no warning', async () => {
  expect(await framesOf(part10([]))).toEqual({ frames: [], warnings: [] });
});
