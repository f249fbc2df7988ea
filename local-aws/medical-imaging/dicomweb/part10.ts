import { EXPLICIT_LITTLE_ENDIAN } from '../dicom/transfer-syntaxes.ts';
import type { DicomElement, Scalar } from './elements.ts';

/**
 * The value of Pixel Data (7FE0,0010), or of Float Pixel Data or Double Float Pixel Data, which replace it in images of
 * floating-point pixels.
 */
export type PixelValue =
  | { readonly native: Buffer }
  /** One fragment per frame. */
  | { readonly fragments: readonly Uint8Array[] };

export interface PixelElement {
  readonly tag: number;
  readonly vr: string;
  readonly value: PixelValue;
}

/** Identifies the software that wrote a file, here this writer; derived from a UUID (PS3.5 section B.2). */
const IMPLEMENTATION_CLASS_UID = '2.25.277008970104233566051151127798732154702';

/** In Explicit VR the length field of these VRs has four bytes, and that of all others two (PS3.5 section 7.1.2). */
const longVrs = new Set('OB OD OF OL OV OW SQ SV UC UN UR UT UV'.split(' '));
const UNDEFINED = 0xffffffff;

/**
 * Writes a DICOM Part 10 file. Its data elements are encoded in Explicit VR Little Endian, which all compressed transfer
 * syntaxes use for them too.
 *
 * @param elements - the data set without its pixel data, sorted by tag
 */
export function part10(
  elements: readonly DicomElement[],
  pixels: PixelElement | undefined,
  transferSyntaxUid: string,
): Buffer {
  const uidOf = (tag: number) => {
    const element = elements.find((each) => each.tag === tag);
    return element && 'values' in element ? String(element.values[0] ?? '') : '';
  };
  const meta = Buffer.concat([
    written(0x00020001, 'OB', Buffer.from([0, 1])),
    ...[
      [0x00020002, uidOf(0x00080016)] as const,
      [0x00020003, uidOf(0x00080018)] as const,
      [0x00020010, transferSyntaxUid] as const,
      [0x00020012, IMPLEMENTATION_CLASS_UID] as const,
    ].map(([tag, uid]) => encode({ tag, vr: 'UI', values: [uid] })),
  ]);
  const before = elements.filter(({ tag }) => tag < (pixels?.tag ?? Infinity));
  return Buffer.concat([
    Buffer.alloc(128),
    Buffer.from('DICM'),
    encode({ tag: 0x00020000, vr: 'UL', values: [meta.length] }),
    meta,
    ...before.map(encode),
    ...(pixels ? pixelBytes(pixels) : []),
    ...elements.slice(before.length).map(encode),
  ]);
}

/** Whether pixels are written uncompressed (native), and not in fragments. No other native transfer syntax is written here. */
export const isNative = (transferSyntaxUid: string) => transferSyntaxUid === EXPLICIT_LITTLE_ENDIAN;

function pixelBytes({ tag, vr, value }: PixelElement): Buffer[] {
  if ('native' in value) return [header(tag, vr, evenLength(value.native.length)), evenly(value.native)];
  const items = value.fragments.map((fragment) => evenly(Buffer.from(fragment)));
  let offset = 0;
  const offsets = items.map(({ length }) => (offset += 8 + length) - 8 - length);
  // Offsets in the Basic Offset Table have 32 bits. If that is too few, the table stays empty, and readers take each fragment as
  // one frame (PS3.5 section A.4).
  const table = Buffer.concat(offset < UNDEFINED ? offsets.map(uint32) : []);
  const inItems = [table, ...items].flatMap((bytes) => [itemHeader(0xe000, bytes.length), bytes]);
  return [header(tag, 'OB', UNDEFINED), ...inItems, itemHeader(0xe0dd, 0)];
}

function encode(element: DicomElement): Buffer {
  const { tag, vr } = element;
  if ('items' in element) {
    const items = element.items.map((item) => {
      const bytes = Buffer.concat(item.map(encode));
      return Buffer.concat([itemHeader(0xe000, bytes.length), bytes]);
    });
    return written(tag, vr, Buffer.concat(items));
  }
  if ('bytes' in element) return written(tag, vr, element.bytes);
  return written(tag, vr, valueBytes(element.values, vr));
}

function written(tag: number, vr: string, bytes: Buffer): Buffer {
  const padding = vr === 'UI' || vr.startsWith('O') || vr === 'UN' ? '\0' : ' ';
  const value = evenly(bytes, padding);
  return Buffer.concat([header(tag, vr, value.length), value]);
}

/**
 * Encodes the tag, VR and length of an element. A length that needs more than the two bytes of its VR is written with the VR UN,
 * whose length field has four bytes (PS3.5 section 6.2.2, note 5).
 */
function header(tag: number, vr: string, length: number): Buffer {
  const isLong = longVrs.has(vr) || length > 0xffff;
  const bytes = Buffer.alloc(isLong ? 12 : 8);
  bytes.writeUInt16LE(tag >>> 16, 0);
  bytes.writeUInt16LE(tag & 0xffff, 2);
  bytes.write(isLong && !longVrs.has(vr) ? 'UN' : vr, 4, 'latin1');
  if (isLong) bytes.writeUInt32LE(length, 8);
  else bytes.writeUInt16LE(length, 6);
  return bytes;
}

const itemHeader = (element: number, length: number) =>
  Buffer.concat([Buffer.from([0xfe, 0xff]), uint32(element).subarray(0, 2), uint32(length)]);

const evenLength = (length: number) => length + (length % 2);

const evenly = (bytes: Buffer, padding = '\0') =>
  bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.from(padding)]);

function uint32(number: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(number);
  return bytes;
}

const numbers: Readonly<
  Record<string, readonly [size: number, put: (view: DataView, value: Scalar) => void]>
> = {
  US: [2, (view, value) => view.setUint16(0, Number(value), true)],
  SS: [2, (view, value) => view.setInt16(0, Number(value), true)],
  UL: [4, (view, value) => view.setUint32(0, Number(value), true)],
  SL: [4, (view, value) => view.setInt32(0, Number(value), true)],
  // Integers beyond 2^53 are texts in the metadata, because numbers in JSON would lose digits.
  UV: [8, (view, value) => view.setBigUint64(0, BigInt(value ?? 0), true)],
  SV: [8, (view, value) => view.setBigInt64(0, BigInt(value ?? 0), true)],
  FL: [4, (view, value) => view.setFloat32(0, Number(value), true)],
  FD: [8, (view, value) => view.setFloat64(0, Number(value), true)],
  AT: [4, (view, value) => view.setUint32(0, swappedWords(Number.parseInt(String(value), 16)), true)],
};

/** A tag as a value (VR AT) is two 16-bit words: first the group number, then the element number. */
const swappedWords = (tag: number) => ((tag << 16) | (tag >>> 16)) >>> 0;

function valueBytes(values: readonly Scalar[], vr: string): Buffer {
  const number = numbers[vr];
  if (!number) return Buffer.from(values.map((value) => value ?? '').join('\\'));
  const [size, put] = number;
  return Buffer.concat(
    values.map((value) => {
      const bytes = Buffer.alloc(size);
      put(new DataView(bytes.buffer, bytes.byteOffset, size), value);
      return bytes;
    }),
  );
}
