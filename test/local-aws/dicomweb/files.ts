/** DICOM files of many encodings, each in a separate study, for tests of what DICOMweb returns. */
import { encodedFrames } from '../codecs/encoded-frames.ts';
import { bytes, part10, syntaxes, words, type TestElement } from '../part10.ts';

export interface TestFile {
  /** The SOP Instance UID. The UIDs of its study and series are the same with `.1` and `.2` appended. */
  readonly uid: string;
  readonly bytes: Buffer;
}

export const uidsOf = (uid: string) => ({ study: `${uid}.1`, series: `${uid}.2`, instance: uid });

export function testFile(uid: string, elements: readonly TestElement[], syntax?: string): TestFile {
  const { study, series, instance } = uidsOf(uid);
  const uids: TestElement[] = [
    ['00080018', 'UI', instance],
    ['0020000D', 'UI', study],
    ['0020000E', 'UI', series],
  ];
  return { uid, bytes: part10([...uids, ...elements], syntax) };
}

export const pixels8 = (frames: number) => bytes(16 * frames);

const attributes: readonly TestElement[] = [
  ['00080060', 'CS', 'OT'],
  ['00080070', 'LO', ''],
  ['00080080', 'LO', 'Klinik M\xfcnchen'],
  ['00091010', 'OB', Buffer.from([1, 2, 3, 4])],
  ['00100010', 'PN', 'M\xfcller^J\xf6rg'],
  ['00180050', 'DS', '1.250'],
  ['00181020', 'LO', '3.1\\\\x'],
  ['00189087', 'FD', Buffer.from(Float64Array.from([1.1]).buffer)],
  ['00200032', 'DS', '-1.5\\0\\1e-3'],
  ['00204000', 'LT', 'C:\\temp'],
  ['00081140', 'SQ', { items: [[['00081150', 'UI', '1.2.3']], [['0040A160', 'UT', 'two\\words']]] }],
  ['00080005', 'CS', 'ISO_IR 100'],
];

/** Explicit and implicit VR, deflated, big-endian, with and without frames, with one bit per pixel, in fragments, and a video. */
export const encodings: readonly TestFile[] = [
  testFile('1.2.8.1', [...attributes, ['7FE00010', 'OB', pixels8(1)]]),
  testFile('1.2.8.2', [...attributes, ['7FE00010', 'OW', pixels8(1)]], syntaxes.implicit),
  testFile('1.2.8.3', [...attributes, ['7FE00010', 'OB', pixels8(1)]], syntaxes.deflated),
  testFile('1.2.8.4', [...attributes]),
  testFile('1.2.8.5', [
    ['00280008', 'IS', '2'],
    ['7FE00010', 'OB', bytes(48)],
  ]),
  testFile('1.2.8.6', [
    ['00280008', 'IS', '3'],
    ['7FE00010', 'OB', bytes(32)],
  ]),
  testFile(
    '1.2.8.7',
    [
      ['00280010', 'US', words(2).swap16()],
      ['00280011', 'US', words(2).swap16()],
      ['00280002', 'US', words(1).swap16()],
      ['00280100', 'US', words(16).swap16()],
      ['7FE00010', 'OW', bytes(8)],
    ],
    syntaxes.bigEndian,
  ),
  testFile(
    '1.2.8.8',
    [
      ['00280008', 'IS', '3'],
      ['00280010', 'US', words(3)],
      ['00280011', 'US', words(3)],
      ['00280100', 'US', words(1)],
      ['7FE00010', 'OB', bytes(4, 0x5b)],
    ],
    syntaxes.implicit,
  ),
  testFile(
    '1.2.8.9',
    [['7FE00010', 'OB', { table: [], fragments: [bytes(10), bytes(6, 10)] }]],
    syntaxes.mpeg4,
  ),
  testFile(
    '1.2.8.10',
    [['7FE00010', 'OB', { table: [0], fragments: [bytes(20), bytes(8, 20)] }]],
    syntaxes.jpeg,
  ),
  testFile(
    '1.2.8.11',
    [
      ['00280100', 'US', words(32)],
      ['7FE00010', 'OW', bytes(64)],
    ],
    syntaxes.implicit,
  ),
];

/**
 * A file with one frame for every codec, encoded by other encoders than those of the local AWS. Every second file has an
 * extended offset table (PS3.3 section C.7.6.3.1.8).
 */
export const compressed: readonly TestFile[] = encodedFrames.map(({ frame, description }, i) => {
  const { rows, columns, samplesPerPixel, bitsAllocated, bitsStored, pixelRepresentation } = description;
  const even = frame.length % 2 === 0 ? frame : Buffer.concat([frame, Buffer.alloc(1)]);
  return testFile(
    `1.2.9.${i}`,
    [
      ['00280002', 'US', words(samplesPerPixel)],
      ['00280004', 'CS', samplesPerPixel === 3 ? 'RGB' : 'MONOCHROME2'],
      ['00280010', 'US', words(rows)],
      ['00280011', 'US', words(columns)],
      ['00280100', 'US', words(bitsAllocated)],
      ['00280101', 'US', words(bitsStored)],
      ['00280102', 'US', words(bitsStored - 1)],
      ['00280103', 'US', words(pixelRepresentation)],
      ...(i % 2 === 0 ? [] : extendedOffsetTable(frame)),
      ['7FE00010', 'OB', { table: [], fragments: [even] }],
    ],
    description.transferSyntaxUid,
  );
});

/** The offset of the only frame, and its length without padding. */
function extendedOffsetTable(frame: Buffer): TestElement[] {
  const number = (value: number) => Buffer.from(BigUint64Array.of(BigInt(value)).buffer);
  return [
    ['7FE00001', 'OV', number(0)],
    ['7FE00002', 'OV', number(frame.length)],
  ];
}
