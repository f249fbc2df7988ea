import type { Attributes } from '../dicom/attributes.ts';
import { dictionaryEntry, tagOf } from '../dicom/dictionary.ts';
import { EXPLICIT_BIG_ENDIAN } from '../dicom/transfer-syntaxes.ts';

/** A data element made of a member of the metadata, which have neither its tag nor, in most cases, its VR. */
export type DicomElement = { readonly tag: number; readonly vr: string } & DicomValue;

type DicomValue =
  | { readonly values: readonly Scalar[] }
  | { readonly bytes: Buffer }
  | { readonly items: readonly (readonly DicomElement[])[] };

export type Scalar = string | number | null;

const binary = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'UN']);
const numeric = new Set(['FD', 'FL', 'SL', 'SS', 'SV', 'UL', 'US', 'UV']);
const SPECIFIC_CHARACTER_SET = 0x00080005;

interface Context {
  /** VRs of the attributes that are named by their tags. */
  readonly vrs: Readonly<Record<string, string>>;
  /** Pixel values are signed. */
  readonly signed: boolean;
  /** Words of the file had their high byte first; the metadata have bytes as they stood in the file. */
  readonly bigEndian: boolean;
}

/**
 * The data elements of an instance, by their tags. Texts are Unicode, and so SpecificCharacterSet says, whatever the file said.
 * File meta information and group lengths, which describe one encoding, are left out.
 */
export function elementsOf(attributes: Attributes, vrs: Readonly<Record<string, string>>): DicomElement[] {
  const bigEndian = attributes['TransferSyntaxUID'] === EXPLICIT_BIG_ENDIAN;
  const elements = itemOf(attributes, { vrs, bigEndian, signed: false });
  if (elements.some(({ tag }) => tag === SPECIFIC_CHARACTER_SET)) return elements;
  return [{ tag: SPECIFIC_CHARACTER_SET, vr: 'CS', values: [UNICODE] }, ...elements];
}

const UNICODE = 'ISO_IR 192';

function itemOf(attributes: Attributes, context: Context): DicomElement[] {
  const representation = attributes['PixelRepresentation'];
  const signed = representation === undefined ? context.signed : representation === 1;
  return Object.entries(attributes)
    .flatMap(([name, value]) => {
      const tag = tagOf(name);
      const isElement = tag !== undefined && tag >>> 16 > 2 && (tag & 0xffff) !== 0;
      return isElement ? [elementOf(name, tag, value, { ...context, signed })] : [];
    })
    .sort((a, b) => a.tag - b.tag);
}

function elementOf(name: string, tag: number, value: unknown, context: Context): DicomElement {
  if (tag === SPECIFIC_CHARACTER_SET) return { tag, vr: 'CS', values: [UNICODE] };
  const vr = vrOf(name, tag, value, context);
  if (vr === 'SQ') {
    const items = Array.isArray(value) ? value.filter(isItem) : [];
    return { tag, vr, items: items.map((item) => itemOf(item, context)) };
  }
  if (binary.has(vr)) {
    const bytes = Buffer.from(typeof value === 'string' ? value : '', 'base64');
    return { tag, vr, bytes: context.bigEndian ? littleEndian(bytes, vr) : bytes };
  }
  const list: unknown[] = Array.isArray(value) ? value : [value];
  const values = list.map((each) => (typeof each === 'string' || typeof each === 'number' ? each : null));
  return { tag, vr, values: values.every((each) => each === null || each === '') ? [] : values };
}

const isItem = (value: unknown): value is Attributes => typeof value === 'object' && value !== null;

/**
 * The VR that fits the value. The dictionary may leave a choice (`US|SS`), and a file may have said another VR than the
 * dictionary: then the metadata show a text where there should be a number.
 */
function vrOf(name: string, tag: number, value: unknown, { vrs, signed }: Context): string {
  if (Array.isArray(value) && value.some(isItem)) return 'SQ';
  const known = vrs[name] ?? dictionaryEntry(tag)?.vr ?? 'UN';
  const [first] = (Array.isArray(value) ? value : [value]) as unknown[];
  const choices = known.split('|');
  const one = choices.find((vr) => (typeof first === 'string') === binary.has(vr)) ?? choices[0] ?? 'UN';
  const chosen = one === 'US' && signed && choices.includes('SS') ? 'SS' : one;
  if (typeof first === 'number' && !numeric.has(chosen)) return isText(chosen) ? chosen : numberVr(value);
  const isNumber = typeof first !== 'string' || /^([+-]?\d+|NaN|-?Infinity)$/.test(first);
  return numeric.has(chosen) && !isNumber ? 'UN' : chosen;
}

const isText = (vr: string) => vr !== 'SQ' && !binary.has(vr);

const numberVr = (value: unknown) => ([value].flat().every((each) => Number.isInteger(each)) ? 'SL' : 'FD');

/** PS3.5 section 7.3: words of a big-endian file have their high byte first. */
function littleEndian(bytes: Buffer, vr: string): Buffer {
  const size = { OW: 2, OF: 4, OL: 4, OD: 8, OV: 8 }[vr] ?? 1;
  if (size === 1 || bytes.length % size !== 0) return bytes;
  if (size === 2) return Buffer.from(bytes).swap16();
  return size === 4 ? Buffer.from(bytes).swap32() : Buffer.from(bytes).swap64();
}
