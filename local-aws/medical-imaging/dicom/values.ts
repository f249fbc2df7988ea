import { decodeText, isAscii } from './charset.ts';
import type { DataSet, Element } from './data-set.ts';
import { hexTag } from './dictionary.ts';

/** Texts that never have several values: a backslash is a character of theirs (PS3.5 section 6.2). */
const singleTexts = new Set(['ST', 'LT', 'UT', 'UR']);
/** Texts whose repertoire SpecificCharacterSet gives (PS3.5 section 6.1.2.3). */
const localizedTexts = new Set(['LO', 'LT', 'PN', 'SH', 'ST', 'UC', 'UT']);
const texts = new Set([...singleTexts, ...localizedTexts, ...'AE AS CS DA DS DT IS TM UI'.split(' ')]);

interface NumberFormat {
  readonly size: number;
  readonly read: (view: DataView, offset: number, littleEndian: boolean) => number | bigint;
}
const numbers: Readonly<Record<string, NumberFormat>> = {
  US: { size: 2, read: (view, offset, little) => view.getUint16(offset, little) },
  SS: { size: 2, read: (view, offset, little) => view.getInt16(offset, little) },
  UL: { size: 4, read: (view, offset, little) => view.getUint32(offset, little) },
  SL: { size: 4, read: (view, offset, little) => view.getInt32(offset, little) },
  UV: { size: 8, read: (view, offset, little) => view.getBigUint64(offset, little) },
  SV: { size: 8, read: (view, offset, little) => view.getBigInt64(offset, little) },
  FL: { size: 4, read: (view, offset, little) => view.getFloat32(offset, little) },
  FD: { size: 8, read: (view, offset, little) => view.getFloat64(offset, little) },
};

/** Texts, tags (as hex) and numbers of an element, or the bytes of one that holds bytes. */
export type Value = readonly (string | number | bigint)[] | Buffer;

/**
 * Reads the value of an element that is no sequence, by its VR. Texts are without their padding, but for DS and IS, which
 * stay as they are spelled.
 *
 * @param vr - that of `vrOf`
 */
export function readValue(dataSet: DataSet, element: Element, vr: string): Value {
  const bytes = dataSet.bytesOf(element);
  if (texts.has(vr)) return readTexts(dataSet, bytes, vr);
  if (vr === 'AT') return readTags(bytes, element.bigEndian);
  const format = numbers[vr];
  return format ? readNumbers(bytes, element.bigEndian, format) : bytes;
}

/** What does not count at the end of a text; of a name also the delimiters of component groups that it does not have. */
const paddings: Readonly<Record<string, string>> = { DS: '\0', IS: '\0', PN: ' \0=' };

function readTexts(dataSet: DataSet, bytes: Buffer, vr: string): string[] {
  const isPlain = !localizedTexts.has(vr) || isAscii(bytes);
  const text = isPlain ? bytes.toString('latin1') : decodeText(bytes, characterSetOf(dataSet), vr);
  const values = singleTexts.has(vr) ? [text] : text.split('\\');
  const padding = paddings[vr] ?? ' \0';
  return values.map((value) => withoutEnd(value, padding));
}

/** A text without the characters of `padding` at its end. A regular expression takes quadratic time for that. */
function withoutEnd(text: string, padding: string): string {
  let end = text.length;
  while (end > 0 && padding.includes(text.charAt(end - 1))) end--;
  return text.slice(0, end);
}

function readTags(bytes: Buffer, bigEndian: boolean): string[] {
  return Array.from({ length: Math.floor(bytes.length / 4) }, (_, index) => {
    const [group, element] = [index * 4, index * 4 + 2].map((offset) =>
      bigEndian ? bytes.readUInt16BE(offset) : bytes.readUInt16LE(offset),
    );
    return hexTag((group ?? 0) * 0x10000 + (element ?? 0));
  });
}

function readNumbers(bytes: Buffer, bigEndian: boolean, { size, read }: NumberFormat): (number | bigint)[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: Math.floor(bytes.length / size) }, (_, index) =>
    read(view, index * size, !bigEndian),
  );
}

const SPECIFIC_CHARACTER_SET = 0x00080005;
const PIXEL_REPRESENTATION = 0x00280103;
const LUT_DESCRIPTOR = 0x00283002;

function characterSetOf(dataSet: DataSet): string {
  const found = dataSet.inherited(SPECIFIC_CHARACTER_SET);
  if (!found) return '';
  const { offset, length } = found.element;
  // There are 15 sets with names of 16 characters at the most. A longer value would be read again for each text.
  return found.owner.bytesOf({ offset, length: Math.min(length, 256) }).toString('latin1');
}

/**
 * The VR that a value is read by. Where the dictionary leaves a choice, pixel values are signed as PixelRepresentation
 * says, a LUT of one entry is a number (PS3.3 section C.11.1.1.1), and all else are words.
 */
export function vrOf(dataSet: DataSet, { vr }: Element): string {
  switch (vr) {
    case 'US|SS': {
      const found = dataSet.inherited(PIXEL_REPRESENTATION);
      return found && numberOf(found.owner, PIXEL_REPRESENTATION) === 1 ? 'SS' : 'US';
    }
    case 'US|OW':
      return numberOf(dataSet, LUT_DESCRIPTOR) === 1 ? 'US' : 'OW';
    case 'OB|OW':
    case 'US|SS|OW':
      return 'OW';
    default:
      return vr;
  }
}

/** The first value of a text attribute; undefined where there is none. */
export function textOf(dataSet: DataSet, tag: number): string | undefined {
  const first = firstValue(dataSet, tag);
  return typeof first === 'string' && first !== '' ? first : undefined;
}

/** The first value of a numeric attribute, IS and DS included; undefined where there is none. */
export function numberOf(dataSet: DataSet, tag: number): number | undefined {
  const number = Number.parseFloat(String(firstValue(dataSet, tag)));
  return Number.isFinite(number) ? number : undefined;
}

function firstValue(dataSet: DataSet, tag: number): string | number | bigint | undefined {
  const element = dataSet.elements.get(tag);
  if (!element || element.items) return undefined;
  const value = readValue(dataSet, element, vrOf(dataSet, element));
  return Buffer.isBuffer(value) ? undefined : value[0];
}
