/** Writes DICOM Part 10 files of every encoding that PS3.5 has, right or wrong, for tests of the reader. */
import { deflateRawSync } from 'node:zlib';
import { readInstance, type DicomInstance } from '../../local-aws/medical-imaging/dicom-instance.ts';
import { MemorySource } from '../../local-aws/medical-imaging/dicom/source.ts';
import { readerLimits } from './reader-limits.ts';

export const syntaxes = {
  implicit: '1.2.840.10008.1.2',
  explicit: '1.2.840.10008.1.2.1',
  deflated: '1.2.840.10008.1.2.1.99',
  bigEndian: '1.2.840.10008.1.2.2',
  jpeg: '1.2.840.10008.1.2.4.50',
  mpeg4: '1.2.840.10008.1.2.4.102',
  rle: '1.2.840.10008.1.2.5',
} as const;

/** Items of a sequence; of undefined length if so said. */
export interface Items {
  readonly items: readonly (readonly TestElement[])[];
  readonly undefinedLength?: boolean;
}

/** Encapsulated pixel data: offsets of the Basic Offset Table, and fragments. */
export interface Fragments {
  readonly table: readonly number[];
  readonly fragments: readonly Buffer[];
}

export type TestElement = readonly [tag: string, vr: string, value: string | Buffer | Items | Fragments];

interface Encoding {
  readonly explicit: boolean;
  readonly bigEndian: boolean;
}

const explicitLittleEndian: Encoding = { explicit: true, bigEndian: false };
export const implicitLittleEndian: Encoding = { explicit: false, bigEndian: false };
const longVrs = new Set('OB OD OF OL OV OW SQ SV UC UN UR UT UV'.split(' '));
const UNDEFINED = 0xffffffff;

/** What every instance must have, and an image of 4 × 4 pixels but for the pixels. */
const common: readonly TestElement[] = [
  ['00080016', 'UI', '1.2.840.10008.5.1.4.1.1.7'],
  ['00080018', 'UI', '1.2.3.3'],
  ['00100020', 'LO', 'P1'],
  ['0020000D', 'UI', '1.2.3.1'],
  ['0020000E', 'UI', '1.2.3.2'],
  ['00280002', 'US', words(1)],
  ['00280010', 'US', words(4)],
  ['00280011', 'US', words(4)],
  ['00280100', 'US', words(8)],
];

/** A file of the common elements and of those given, which come in place of common ones with the same tag. */
export function part10(elements: readonly TestElement[], syntax: string = syntaxes.explicit): Buffer {
  const own = new Set(elements.map(([tag]) => tag));
  const all = [...common.filter(([tag]) => !own.has(tag)), ...elements].sort(([a], [b]) => (a < b ? -1 : 1));
  const encoding = { explicit: syntax !== syntaxes.implicit, bigEndian: syntax === syntaxes.bigEndian };
  const dataSet = encode(all, encoding);
  return Buffer.concat([header(syntax), syntax === syntaxes.deflated ? deflateRawSync(dataSet) : dataSet]);
}

/** Preamble and file meta information. */
export function header(syntax: string): Buffer {
  const meta = encode(
    [
      ['00020001', 'OB', Buffer.from([0, 1])],
      ['00020010', 'UI', syntax],
    ],
    explicitLittleEndian,
  );
  const length = Buffer.alloc(4);
  length.writeUInt32LE(meta.length);
  return Buffer.concat([
    Buffer.alloc(128),
    Buffer.from('DICM'),
    encode([['00020000', 'UL', length]], explicitLittleEndian),
    meta,
  ]);
}

export function encode(elements: readonly TestElement[], encoding: Encoding): Buffer {
  return Buffer.concat(elements.map((element) => encodeElement(element, encoding)));
}

function encodeElement([tag, vr, value]: TestElement, encoding: Encoding): Buffer {
  const { explicit, bigEndian } = encoding;
  const { bytes, isUndefined } = encodeValue(value, vr, encoding);
  const length = isUndefined ? UNDEFINED : bytes.length;
  const long = (number: number) => swapped(uint32(number), bigEndian);
  const head = [swapped(uint16(Number.parseInt(tag.slice(0, 4), 16)), bigEndian)];
  head.push(swapped(uint16(Number.parseInt(tag.slice(4), 16)), bigEndian));
  if (!explicit) head.push(long(length));
  else if (longVrs.has(vr)) head.push(Buffer.from(vr), Buffer.alloc(2), long(length));
  else head.push(Buffer.from(vr), swapped(uint16(length), bigEndian));
  return Buffer.concat([...head, bytes]);
}

function encodeValue(value: TestElement[2], vr: string, encoding: Encoding) {
  if (typeof value === 'string')
    return { bytes: padded(Buffer.from(value, 'latin1'), vr), isUndefined: false };
  if (Buffer.isBuffer(value)) return { bytes: value, isUndefined: false };
  const item = (bytes: Buffer) =>
    Buffer.concat([
      ...[0xfffe, 0xe000].map((half) => swapped(uint16(half), encoding.bigEndian)),
      swapped(uint32(bytes.length), encoding.bigEndian),
      bytes,
    ]);
  const end = Buffer.concat([
    ...[0xfffe, 0xe0dd].map((half) => swapped(uint16(half), encoding.bigEndian)),
    Buffer.alloc(4),
  ]);
  if ('fragments' in value) {
    const table = Buffer.concat(value.table.map(uint32));
    return { bytes: Buffer.concat([...[table, ...value.fragments].map(item), end]), isUndefined: true };
  }
  // A sequence that the file calls UN is in Implicit VR Little Endian (PS3.5 section 6.2.2).
  const inner = vr === 'UN' ? implicitLittleEndian : encoding;
  const items = value.items.map((elements) => item(encode(elements, inner)));
  return value.undefinedLength
    ? { bytes: Buffer.concat([...items, end]), isUndefined: true }
    : { bytes: Buffer.concat(items), isUndefined: false };
}

const padded = (bytes: Buffer, vr: string) =>
  bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.from(vr === 'UI' ? '\0' : ' ')]);

function uint16(number: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(number);
  return bytes;
}

function uint32(number: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(number);
  return bytes;
}

const swapped = (bytes: Buffer, bigEndian: boolean) => (bigEndian ? Buffer.from(bytes.toReversed()) : bytes);

/** US values, little endian. */
export function words(...numbers: number[]): Buffer {
  return Buffer.concat(numbers.map(uint16));
}

/** Bytes that can be told apart: `from`, `from` + 1, … */
export const bytes = (length: number, from = 0) =>
  Buffer.from(Uint8Array.from({ length }, (_, i) => from + i));

/** Reads a file as an import does. */
export const read = (file: Buffer): Promise<DicomInstance> =>
  readInstance(new MemorySource([file]), readerLimits);

/** What an import makes of a file's attributes, whatever their level; as JSON, which has no NaN and no undefined. */
export async function attributesOf(file: Buffer): Promise<Record<string, unknown>> {
  const { levels } = await read(file);
  return JSON.parse(JSON.stringify(Object.assign({}, ...Object.values(levels)))) as Record<string, unknown>;
}

/** The frames of a file, and the codes of its warnings. */
export async function framesOf(file: Buffer) {
  const { pixelData, warnings } = await read(file);
  return {
    frames: (pixelData?.frames ?? []).map((frame) => frame.read()),
    warnings: warnings.map(({ warning_reason_code }) => warning_reason_code),
  };
}
