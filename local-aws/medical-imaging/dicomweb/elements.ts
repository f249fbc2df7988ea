import type { Attributes } from '../dicom/attributes.ts';
import { dictionaryEntry, tagOf } from '../dicom/dictionary.ts';
import { EXPLICIT_BIG_ENDIAN } from '../dicom/transfer-syntaxes.ts';

/**
 * A DICOM data element, converted from a member of the image set metadata. The metadata name most attributes only by keyword
 * (`PatientID`), so the tag and the VR are looked up in the data dictionary.
 */
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
  /** `DICOMVRs` of the metadata: the VRs of attributes without a keyword, such as private ones (`00191001`). */
  readonly vrs: Readonly<Record<string, string>>;
  /** Pixel Representation is 1 (signed pixels), so elements whose VR is `US|SS` in the dictionary are SS. */
  readonly signed: boolean;
  /** The file was big-endian. The metadata contain its binary values unchanged, so their words have the high byte first. */
  readonly bigEndian: boolean;
}

/**
 * The data elements of an instance, sorted by tag. SpecificCharacterSet is always ISO_IR 192 (UTF-8), because the texts in the
 * metadata are Unicode, whichever character set the file had. File meta information (group 0002) and group lengths are left
 * out, because they describe the encoding of the imported file only.
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
 * The VR that fits the value. The dictionary lists several VRs for some elements (`US|SS`). A file may also have used another
 * VR than the dictionary's: then the metadata contain a text, for example, where the dictionary's VR needs a number.
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

/** Reverses the bytes of each word of a big-endian value (PS3.5 section 7.3). */
function littleEndian(bytes: Buffer, vr: string): Buffer {
  const size = { OW: 2, OF: 4, OL: 4, OD: 8, OV: 8 }[vr] ?? 1;
  if (size === 1 || bytes.length % size !== 0) return bytes;
  if (size === 2) return Buffer.from(bytes).swap16();
  return size === 4 ? Buffer.from(bytes).swap32() : Buffer.from(bytes).swap64();
}
